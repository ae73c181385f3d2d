-- Whose turn it is to use the account, and the pause after its own "too many" (docs/ledger.md, Fair shares).
alter table ledger add column turn bigint not null default 0;         -- where the last turn began
alter table ledger add column paused_until bigint not null default 0; -- nothing is forwarded before
alter table ledger add column probes bigint not null default 0;     -- accepted ones that are missing to the full rate

alter table counter add column asked_at bigint not null default 0;    -- the minute of the last reservation
alter table counter add column sent_at bigint not null default 0;     -- the last time a request was forwarded
alter table counter add column turn bigint not null default 0;        -- where the next turn begins at the earliest
create index counter_asked on counter (asked_at);
