-- Completed uploads whose retention ends, oldest first.
create index upload_completed on upload (completed_at) where completed_at is not null;
