-- Results: what became of each generation, where its images are, and the uploads. Who owns what is in every row, and in every look-up on a caller's behalf.

alter table generation add column status text not null default 'PENDING' check (status in ('PENDING', 'COMPLETE', 'FAILED'));
alter table generation add column result text;             -- what the owner may see, as JSON, without addresses; null: not asked yet, or deleted
alter table generation add column ended_at bigint;         -- when it was seen to be COMPLETE or FAILED
alter table generation add column deleted_at bigint;       -- by its owner; the row stays, so that nobody can come to own the id
alter table generation add column stuck_at bigint;         -- still PENDING past the deadline: it holds no slot any more
alter table generation add column polls integer not null default 0;
alter table generation add column next_poll_at bigint not null default 0; -- whoever moves it on asks the upstream; nobody else does until then
create index generation_tenant on generation (tenant, created_at, id);
create index generation_due on generation (next_poll_at, created_at) where status = 'PENDING';

create table image (
  id            text     primary key,
  generation_id text     not null,
  tenant        text     not null,
  n             smallint not null,
  url           text                                       -- the upstream's; never told
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

-- When each unknown reservation is looked into next. Whoever moves it on does it; nobody else does until then.
create table reconciliation (
  reservation_id text    primary key,
  attempts       integer not null,
  next_at        bigint  not null,
  note           text                                      -- for the operator: why it could not be decided
);
