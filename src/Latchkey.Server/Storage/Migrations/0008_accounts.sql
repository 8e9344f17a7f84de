-- Accounts: an address or a number that was proven, a second step, signed-in devices, other ways to sign in, and forgetting somebody.

alter table person
  alter email drop not null,
  alter password_hash drop not null,                 -- null: signs in with codes or elsewhere
  add phone text unique check (phone ~ '^\+[1-9][0-9]{6,14}$'),   -- E.164
  add email_verified_at timestamptz,
  add phone_verified_at timestamptz,
  add language text not null default 'en' check (language in ('en', 'hi')),
  add totp_secret bytea,                             -- offered; asked for only once it was confirmed
  add totp_confirmed_at timestamptz,
  add totp_last_step bigint,                         -- a code is good once
  add erased_at timestamptz,
  -- What is left of somebody who was erased says nothing about them.
  add constraint person_erased check (erased_at is null or (email is null and phone is null and password_hash is null and totp_secret is null and name = ''));

-- Which sites an operator works at.
create table site_staff (
  person_id uuid not null references person,
  site_id uuid not null references site,
  since timestamptz not null,
  primary key (person_id, site_id)
);
create index on site_staff (site_id);

-- One sign-in on one device: the family of its refresh tokens.
create table session (
  id uuid primary key,                               -- refresh_token.family
  person_id uuid not null references person,
  device text not null,                              -- in words, as its browser says: "Chrome, Android"
  device_hash bytea,                                 -- SHA-256 of what the browser keeps; null where it keeps nothing
  method text not null check (method in ('sign-up', 'password', 'code', 'reset', 'oidc')),
  second_step boolean not null default false,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  ended_at timestamptz
);
create index on session (person_id, last_used_at desc);
create index on session (ended_at) where ended_at is not null;
insert into session (id, person_id, device, method, created_at, last_used_at, ended_at)
  select family, min(person_id::text)::uuid, '', 'password', min(created_at), max(created_at), max(revoked_at) from refresh_token group by family;

-- A code on its way to an address. It is good only together with its id, which whoever asked for it has.
create table one_time_code (
  id uuid primary key,
  purpose text not null check (purpose in ('sign-up', 'sign-in', 'reset', 'change')),
  channel text not null check (channel in ('email', 'sms')),
  address text not null,
  person_id uuid references person,                  -- who is signed in and wants this address
  code_hash bytea not null,                          -- keyed, with the id: six digits alone are guessed
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index on one_time_code (expires_at);
create index on one_time_code (address);

-- How often codes for one address, or of one person's second step, were wrong. Another code does not make it less.
create table code_tries (
  subject bytea primary key,                         -- a keyed hash
  wrong int not null,
  last_at timestamptz not null
);
create index on code_tries (last_at);

-- For the day on which the phone with the second step is gone.
create table recovery_code (
  person_id uuid not null references person,
  hash bytea not null,                               -- SHA-256; 80 random bits
  used_at timestamptz,
  primary key (person_id, hash)
);

-- Who somebody is elsewhere.
create table identity (
  issuer text not null,
  subject text not null,
  person_id uuid not null references person,
  created_at timestamptz not null,
  primary key (issuer, subject)
);
create index on identity (person_id);

-- Keys for programs.
create table api_key (
  id uuid primary key,
  person_id uuid not null references person,
  name text not null,
  shown text not null,                               -- its first characters, to tell it from others
  hash bytea not null unique,                        -- SHA-256; 256 random bits
  scopes text[] not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index on api_key (person_id);

-- Keys that sign access tokens: published before they sign, and known until the last token they signed is too old.
create table signing_key (
  id text primary key,                               -- the tokens' kid
  private_key bytea not null,
  created_at timestamptz not null,
  signs_from timestamptz not null,
  known_until timestamptz                            -- null while there is no later one
);
