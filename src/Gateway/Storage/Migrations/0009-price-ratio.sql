-- Prices follow the invoice: what the upstream states for a generation raises what later reservations of its model hold.

-- The computed price of a reservation that holds more than it; null: it holds the computed price.
alter table reservation add column raised_from bigint;

-- For each model and UTC hour ('2026-11-22T14') the highest stated cost above the computed price. At most 25 rows a model; none while costs agree.
create table price_ratio (
  model    text   not null,
  hour     text   not null,
  at       bigint not null,                                -- of the hour's last such statement: the row counts for 24 hours from then on
  stated   bigint not null,                                -- micro-dollars; the ratio is stated / computed, exact as a pair
  computed bigint not null check (computed > 0),
  primary key (model, hour),
  check (stated > computed)
);
