-- When a webhook made its next poll due. Another webhook for it, forged or repeated, does nothing.
alter table generation add column hinted_at bigint;
