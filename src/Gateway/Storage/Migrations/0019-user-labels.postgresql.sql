-- What was charged for each person and UTC day, of requests that name one. The rest of a tenant's balance names nobody.
create table user_charge (
  day         text   not null,
  tenant      text   not null,
  user_label  text collate "C" not null,
  generations bigint not null,                            -- settled ones
  images      bigint not null,
  micros      bigint not null,
  primary key (day, tenant, user_label)
);
create index user_charge_by_day on user_charge (day, user_label);
create index user_charge_by_tenant on user_charge (tenant, user_label, day);
create index user_charge_by_user on user_charge (user_label, day);
