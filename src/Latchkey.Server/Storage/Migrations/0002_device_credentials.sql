-- A device's credential can be taken away. Its certificates are listed here because a revocation list names serial numbers, not devices.

alter table device add revoked_at timestamptz;
create index on device (id) where revoked_at is not null;

create table device_certificate (
  serial text primary key,                 -- hexadecimal, as certificates print it
  device_id uuid not null references device,
  issued_at timestamptz not null,
  not_after timestamptz not null
);
create index on device_certificate (device_id);
