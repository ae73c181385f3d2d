-- Results: the status of each generation, where its images are, and the uploads. Every row has its owner, and every look-up for a caller asks for it.

alter table generation add column status text not null default 'PENDING' check (status in ('PENDING', 'COMPLETE', 'FAILED'));
alter table generation add column result text;             -- what the owner may see, as JSON, without addresses; null: not polled yet, or deleted
alter table generation add column ended_at bigint;         -- when it was seen to be COMPLETE or FAILED
alter table generation add column deleted_at bigint;       -- by its owner; the row stays, so that the id can have no other owner
alter table generation add column stuck_at bigint;         -- still PENDING past the deadline: it holds no slot any more
alter table generation add column polls integer not null default 0;
alter table generation add column next_poll_at bigint not null default 0; -- the replica that moves it on polls; no other does until then
create index generation_tenant on generation (tenant, created_at, id);
create index generation_due on generation (next_poll_at, created_at) where status = 'PENDING';

create table image (
  id            text     primary key,
  generation_id text     not null,
  tenant        text     not null,
  n             smallint not null,
  url           text                                       -- Leonardo's; never returned to a caller
);
create index image_generation on image (generation_id);

create table upload (
  id           text   primary key,
  tenant       text   not null,
  extension    text   not null,
  token        text   not null,                            -- of the gateway's own upload address, as hex SHA-256
  form_url     text,                                       -- the presigned form; null once it is used
  form_fields  text,
  created_at   bigint not null,
  expires_at   bigint not null,                            -- of the form
  completed_at bigint                                      -- when the file was stored
);
create index upload_expiry on upload (expires_at) where completed_at is null;

-- When each unknown reservation is reconciled next. The replica that moves it on does so; no other does until then.
create table reconciliation (
  reservation_id text    primary key,
  attempts       integer not null,
  next_at        bigint  not null,
  note           text                                      -- for the operator: why it could not be decided
);
