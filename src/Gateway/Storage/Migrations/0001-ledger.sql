-- The quota ledger (docs/ledger.md). For both engines: SQLite reads the type names as affinities.
-- Times ("_at", "_until") are microseconds since 1970 UTC by the store's clock; money is micro-dollars; ids are UUIDs (SQLite: 16 bytes, big-endian).

-- One row. Every transaction that changes anything below locks it first, so all changes of the ledger form one sequence.
create table ledger (
  id         smallint primary key check (id = 1),
  epoch      uuid     not null,                           -- drawn when the store was created: a different value means a different store
  high_water bigint   not null,                           -- time of the last change; the ledger's time never goes back behind it
  events     bigint   not null default 0,                 -- rows ever written to event
  sent       bigint   not null default 0,                 -- reservations ever marked as forwarded
  running    bigint   not null default 0 check (running >= 0), -- slots of the account in use
  pruned_to  text     not null default ''                 -- months before this one keep their windows, not their reservations
);

-- What a tenant ('*': the organisation) holds and has spent in a UTC day ('2026-11-22') or month ('2026-11').
create table quota_window (
  tenant       text   not null,
  period       text   not null,
  images_held  bigint not null check (images_held between 0 and 9007199254740992),
  images_spent bigint not null check (images_spent between 0 and 9007199254740992),
  micros_held  bigint not null check (micros_held between 0 and 9007199254740992),
  micros_spent bigint not null check (micros_spent between 0 and 9007199254740992),
  generations  bigint not null check (generations >= 0),  -- settled ones
  primary key (tenant, period)
);

create table counter (
  tenant   text   primary key,
  sequence bigint not null,                               -- reservations ever made
  active   bigint not null check (active >= 0)            -- generations reserved and not yet ended
);

create table reservation (
  id            uuid     primary key,
  tenant        text     not null,
  state         char(1)  not null check (state in ('R', 'F', 'S', 'V', 'U', 'W')), -- reserved, forwarding, settled, void, unknown, written off
  version       bigint   not null,
  images        smallint not null check (images between 1 and 8),
  micros        bigint   not null check (micros between 0 and 9007199254740992),
  charged       bigint,                                   -- micro-dollars: what S and W count as spent
  day           text     not null,
  month         text     not null,
  sequence      bigint   not null,                        -- counts this tenant's reservations
  sent          bigint,                                   -- counts everything forwarded to the account
  idem_key      text,                                     -- null: none was sent, or it is free again
  body_hash     bytea    not null,
  model         text     not null,
  prompt_hash   bytea    not null,                        -- SHA-256; the prompt itself is not here
  seed          bigint   not null,
  width         integer  not null,
  height        integer  not null,
  enhanced      boolean  not null,
  instance      uuid     not null,                        -- the process that reserved it; no other may send it
  reserved_at   bigint   not null,
  forwarded_at  bigint,
  ended_at      bigint,                                   -- when it became S, V or W
  running_until bigint,                                   -- holds a slot of the account and of the tenant until then; null: holds none
  fence_at      bigint,                                   -- from then on it is certain that it is not sent any more
  generation_id text,
  api_credits   integer,
  cost_micros   bigint,
  cost_amount   text,                                     -- as the upstream stated it
  cost_unit     text,
  problem       text,                                     -- the answer to the caller, for repetitions
  status        smallint,
  detail        text,
  reason        text,
  retry_after   integer
);
create unique index reservation_key on reservation (tenant, idem_key) where idem_key is not null;
create index reservation_minute on reservation (tenant, reserved_at, sequence);
create index reservation_void on reservation (tenant, reserved_at) where state = 'V';
create index reservation_sent on reservation (forwarded_at, sent) where forwarded_at is not null;
create index reservation_running on reservation (running_until) where running_until is not null;
create index reservation_open on reservation (instance) where state in ('R', 'F');
create index reservation_unknown on reservation (forwarded_at) where state = 'U';

-- Who owns a generation (INV-6): written in the transaction that settles it, and kept longer than the reservation.
create table generation (
  id             text   primary key,
  tenant         text   not null,
  reservation_id uuid   not null unique,
  created_at     bigint not null,
  trace          text                                     -- of the request that made it (traceparent), where traces are recorded
);

-- Every change of a reservation's state; n counts them in the order of commits. Never changed.
create table event (
  n              bigint  not null,
  reservation_id uuid    not null,
  from_state     char(1),
  to_state       char(1) not null,
  at             bigint  not null,
  why            text    not null,
  primary key (reservation_id, n)
);

-- A running gateway. After lease_until it sends nothing, and others clean up what it left open.
create table instance (
  id           uuid   primary key,
  heartbeat_at bigint not null,
  lease_until  bigint not null
);
