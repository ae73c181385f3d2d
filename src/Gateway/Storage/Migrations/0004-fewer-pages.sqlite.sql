-- The same tables, laid out for SQLite so that a generation costs less. A check by "in" with more than two values fills a temporary table of them for
-- every row that is written; "glob" and "or" do not. And "without rowid" keeps a small row in the tree of its key, where the key would lie in a second
-- tree beside it; large rows are better off in two.

create table ledger_new (
  id         smallint primary key check (id = 1),
  epoch      uuid     not null,
  high_water bigint   not null,
  events     bigint   not null default 0,
  sent       bigint   not null default 0,
  running    bigint   not null default 0 check (running >= 0),
  pruned_to  text     not null default ''
) without rowid;
insert into ledger_new (id, epoch, high_water, events, sent, running, pruned_to)
  select id, epoch, high_water, events, sent, running, pruned_to from ledger;
drop table ledger;
alter table ledger_new rename to ledger;

create table quota_window_new (
  tenant         text   not null,
  period         text   not null,
  images_held    bigint not null check (images_held between 0 and 9007199254740992),
  images_spent   bigint not null check (images_spent between 0 and 9007199254740992),
  micros_held    bigint not null check (micros_held between 0 and 9007199254740992),
  micros_spent   bigint not null check (micros_spent between 0 and 9007199254740992),
  generations    bigint not null check (generations >= 0),
  images_granted bigint not null default 0 check (images_granted between 0 and 9007199254740992),
  micros_granted bigint not null default 0 check (micros_granted between 0 and 9007199254740992),
  primary key (tenant, period)
) without rowid;
insert into quota_window_new (tenant, period, images_held, images_spent, micros_held, micros_spent, generations, images_granted, micros_granted)
  select tenant, period, images_held, images_spent, micros_held, micros_spent, generations, images_granted, micros_granted from quota_window;
drop table quota_window;
alter table quota_window_new rename to quota_window;

create table counter_new (
  tenant   text   primary key not null,
  sequence bigint not null,
  active   bigint not null check (active >= 0)
) without rowid;
insert into counter_new (tenant, sequence, active) select tenant, sequence, active from counter;
drop table counter;
alter table counter_new rename to counter;

create table reservation_new (
  id            uuid     primary key,
  tenant        text     not null,
  state         char(1)  not null check (state glob '[RFSVUW]'),
  version       bigint   not null,
  images        smallint not null check (images between 1 and 8),
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

create table event_new (
  n              bigint  not null,
  reservation_id uuid    not null,
  from_state     char(1),
  to_state       char(1) not null,
  at             bigint  not null,
  why            text    not null,
  primary key (reservation_id, n)
) without rowid;
insert into event_new (n, reservation_id, from_state, to_state, at, why) select n, reservation_id, from_state, to_state, at, why from event;
drop table event;
alter table event_new rename to event;

create table generation_new (
  id             text    primary key,
  tenant         text    not null,
  reservation_id uuid    not null unique,
  created_at     bigint  not null,
  trace          text,
  status         text    not null default 'PENDING' check (status = 'PENDING' or status = 'COMPLETE' or status = 'FAILED'),
  result         text,
  ended_at       bigint,
  deleted_at     bigint,
  stuck_at       bigint,
  polls          integer not null default 0,
  next_poll_at   bigint  not null default 0
);
insert into generation_new (
  id, tenant, reservation_id, created_at, trace, status, result, ended_at, deleted_at, stuck_at, polls, next_poll_at
)
  select id, tenant, reservation_id, created_at, trace, status, result, ended_at, deleted_at, stuck_at, polls, next_poll_at from generation;
drop table generation;
alter table generation_new rename to generation;
create index generation_tenant on generation (tenant, created_at, id);
create index generation_due on generation (next_poll_at, created_at) where status = 'PENDING';
