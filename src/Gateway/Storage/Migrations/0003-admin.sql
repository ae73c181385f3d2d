-- What operators decide, and its audit trail. Times are microseconds since 1970 UTC.

-- Grants raise a limit for one period: they belong to the balance that admission reads under the lock.
alter table quota_window add column images_granted bigint not null default 0 check (images_granted between 0 and 9007199254740992);
alter table quota_window add column micros_granted bigint not null default 0 check (micros_granted between 0 and 9007199254740992);

create table suspension (
  tenant text   primary key,
  since  bigint not null,
  reason text   not null
);

-- Every change an operator made, in order; never changed. Each line's hash covers the line before it.
create table admin_audit (
  n             bigint primary key,
  at            bigint not null,
  who           text   not null,                          -- name of the token and the beginning of its SHA-256
  action        text   not null,
  target        text   not null,
  reason        text   not null,
  detail        text   not null,                          -- JSON
  previous_hash text   not null,
  hash          text   not null                           -- SHA-256, hex
);

-- Alerts that were raised, so that neither a restart nor another replica repeats them.
create table quota_alert (
  tenant  text     not null,
  quota   text     not null,
  period  text     not null,
  percent smallint not null,
  at      bigint   not null,
  primary key (tenant, quota, period, percent)
);
