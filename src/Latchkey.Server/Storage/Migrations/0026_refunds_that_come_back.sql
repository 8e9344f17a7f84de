-- A bank may send back what a provider had given back and called done, up to a month later: each refund is asked after for as long.
alter table payment_order add ask_at timestamptz;
create index on payment_order (ask_at) where ask_at is not null;

-- What a provider cannot give back is handed out by people.
alter table payment_order drop constraint payment_order_state_check;
alter table payment_order add constraint payment_order_state_check
  check (state in ('waiting', 'done', 'refused', 'handed-out') and (state <> 'handed-out' or kind = 'refund'));

alter table ledger_entry drop constraint ledger_entry_kind_check;
alter table ledger_entry add constraint ledger_entry_kind_check
  check (kind in ('charge', 'overdue', 'waiver', 'tax', 'payment', 'refund', 'refund-returned'));
