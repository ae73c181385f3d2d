-- Whether the caller who is owed the answer waits for the images, so that it comes later than the settlement.
alter table reservation add column caller_waits boolean not null default false;
