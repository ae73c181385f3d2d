-- Who is signed in to the console. A session has a row for each role that it has: of a tenant, of an operator. It ends when its row is deleted.
create table session (
  digest      bytea  not null,                            -- SHA-256 of the cookie's value, which is stored nowhere
  role        text   not null check (role in ('tenant', 'operator')),
  name        text   not null,                            -- the tenant's id; the operator as the audit trail shows it
  token       text,                                       -- SHA-256 of the token that made it, which must stay in its file
  claim_name  text,                                       -- without a token: the claim that must stay in the tenants file or the settings
  claim_value text,
  person      text,                                       -- the subject of the JWT, if there was one
  created_at  bigint not null,
  expires_at  bigint not null,
  primary key (digest, role)
);
create index session_expiry on session (expires_at);
create index session_holder on session (role, name, created_at);
-- One row: the key with which every replica protects what a browser carries to the OpenID Connect issuer and back.
create table sign_in_key (
  id  smallint primary key check (id = 1),
  key bytea    not null
);
