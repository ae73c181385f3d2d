-- Queued jobs that are too old are found without reading the others.
create index reservation_queued_at on reservation (reserved_at) where state = 'Q';
