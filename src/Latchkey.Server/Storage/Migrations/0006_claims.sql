-- How a device comes to a bank: a one-time code, a key that was made on the device, and an admin who has compared its fingerprint.

create table device_claim (
  id uuid primary key,
  bank_id uuid not null references bank,
  code_hash bytea not null unique,         -- SHA-256; the code has 75 bits and is never stored
  state text not null check (state in ('open', 'waiting', 'confirmed', 'refused', 'expired')),
  created_by uuid not null references person,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  -- Taken once, by the first key that comes with the code.
  public_key bytea,                        -- SubjectPublicKeyInfo, P-256
  model text,
  ticket_hash bytea unique,                -- SHA-256 of what the device asks with
  asked_at timestamptz,
  device_id uuid references device,
  certificate text,                        -- PEM
  decided_by uuid references person,
  decided_at timestamptz,
  check (state not in ('waiting', 'confirmed') or public_key is not null),
  check ((state = 'confirmed') = (device_id is not null and certificate is not null))
);
create unique index one_claim_under_way_per_bank on device_claim (bank_id) where state in ('open', 'waiting');

alter table device
  add claimed_at timestamptz,              -- null: enrolled by the server itself
  add next_public_key bytea,               -- offered by the device, signed with the present one; takes its place when it is seen connected
  add next_offered_at timestamptz;

alter table device_certificate
  add key_hash bytea,                      -- SHA-256 of the public key it is for; null: from before keys could change
  add revoked_at timestamptz;              -- it alone: its key was replaced
