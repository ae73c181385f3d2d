-- The body of each request as it is sent to Leonardo, written before it is sent. Deleted when the reservation becomes void and when the generation is deleted.
-- Generations made before this step have none.
create table sent_request (
  reservation_id uuid  primary key,
  body           bytea not null                           -- JSON in UTF-8
);
