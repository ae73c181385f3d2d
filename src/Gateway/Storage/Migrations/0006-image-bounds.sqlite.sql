-- How many images one request may have is for its model to say. The store refuses only what no model can mean.
-- SQLite cannot change a constraint, so the table is built again.

create table reservation_new (
  id            uuid     primary key,
  tenant        text     not null,
  state         char(1)  not null check (state glob '[RFSVUW]'),
  version       bigint   not null,
  images        smallint not null check (images >= 1),
  micros        bigint   not null check (micros between 0 and 9007199254740992),
  charged       bigint,
  day           text     not null,
  month         text     not null,
  sequence      bigint   not null,
  sent          bigint,
  idem_key      text,
  body_hash     bytea    not null,
  model         text     not null,
  prompt_hash   bytea    not null,
  seed          bigint   not null,
  width         integer  not null,
  height        integer  not null,
  enhanced      boolean  not null,
  instance      uuid     not null,
  reserved_at   bigint   not null,
  forwarded_at  bigint,
  ended_at      bigint,
  running_until bigint,
  fence_at      bigint,
  generation_id text,
  api_credits   integer,
  cost_micros   bigint,
  cost_amount   text,
  cost_unit     text,
  problem       text,
  status        smallint,
  detail        text,
  reason        text,
  retry_after   integer
);
insert into reservation_new (
  id, tenant, state, version, images, micros, charged, day, month, sequence, sent, idem_key, body_hash, model, prompt_hash, seed, width, height,
  enhanced, instance, reserved_at, forwarded_at, ended_at, running_until, fence_at, generation_id, api_credits, cost_micros, cost_amount, cost_unit,
  problem, status, detail, reason, retry_after
)
  select
    id, tenant, state, version, images, micros, charged, day, month, sequence, sent, idem_key, body_hash, model, prompt_hash, seed, width, height,
    enhanced, instance, reserved_at, forwarded_at, ended_at, running_until, fence_at, generation_id, api_credits, cost_micros, cost_amount, cost_unit,
    problem, status, detail, reason, retry_after
  from reservation;
drop table reservation;
alter table reservation_new rename to reservation;
create unique index reservation_key on reservation (tenant, idem_key) where idem_key is not null;
create index reservation_minute on reservation (tenant, reserved_at, sequence);
create index reservation_void on reservation (tenant, reserved_at) where state = 'V';
create index reservation_sent on reservation (forwarded_at, sent) where forwarded_at is not null;
create index reservation_running on reservation (running_until) where running_until is not null;
create index reservation_open on reservation (instance) where state in ('R', 'F');
create index reservation_unknown on reservation (forwarded_at) where state = 'U';
