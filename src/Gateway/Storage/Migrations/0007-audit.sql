-- One row: where the audit's pass over the past stands.
create table ledger_audit (
  id            smallint primary key check (id = 1),
  tenant        text     not null default '',             -- that is being read; empty: no pass is under way
  day           text     not null default '',             -- the last of its days that was compared with its balance
  started_at    bigint   not null default 0,
  finished_at   bigint,                                   -- of the last complete pass
  instance      uuid,                                     -- the replica that makes the pass
  claimed_until bigint   not null default 0               -- from then on another replica may take it over
);
insert into ledger_audit (id) values (1);
