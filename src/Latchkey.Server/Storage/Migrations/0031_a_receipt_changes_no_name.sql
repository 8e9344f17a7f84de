-- A column of a unique index over all rows is part of what others name a row by: to give a lease its receipt's number waited for whoever was writing a message about it. Over some rows it is not.
alter table lease drop constraint lease_receipt_number_key;
create unique index one_lease_per_receipt on lease (receipt_number) where receipt_number is not null;
