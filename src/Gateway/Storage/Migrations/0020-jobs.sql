-- Jobs: requests that are accepted at once and sent when their turn comes (docs/ledger.md, "Jobs").
create table job (
  id             uuid   primary key,   -- version 7
  tenant         text   not null,
  reservation_id uuid   not null,      -- the live one, or the last
  created_at     bigint not null
);
create index job_tenant on job (tenant, created_at, id);
create index job_created on job (created_at);

alter table reservation add column job_id uuid;                                -- null: its caller waits for it
alter table reservation add column seed_drawn boolean not null default false;  -- of a job: another one is drawn when it is tried again
create index reservation_queued on reservation (tenant, reserved_at, sequence) where state = 'Q';
create index reservation_job on reservation (tenant, sequence) where job_id is not null;
create index reservation_job_sent on reservation (tenant, forwarded_at) where job_id is not null and forwarded_at is not null;
drop index reservation_never_sent;
create index reservation_never_sent on reservation (ended_at, id) where state = 'V' and forwarded_at is null and job_id is null;

alter table counter add column queued bigint not null default 0;               -- jobs that wait for their turn
create index counter_queued on counter (turn, tenant) where queued > 0;
