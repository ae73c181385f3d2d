-- Requests that were released before they were sent, by tenant and day of their reservation. Their rows are deleted after two minutes.
create table never_sent (
  tenant   text   not null,
  day      text   not null,
  requests bigint not null check (requests > 0),
  primary key (tenant, day)
);
create index reservation_never_sent on reservation (ended_at, id) where state = 'V' and forwarded_at is null;
