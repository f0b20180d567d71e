-- Who may come in: keys that end and are replaced, sessions of the console, senders that sign what they send.

alter table api_keys
  add column expires_at timestamptz,
  -- How the key begins, so that its owner can tell which one it is.
  add column hint text;

-- A session is a key's for some hours: it ends with the key. Only its SHA-256 is stored.
create table sessions (
  hash       text primary key,
  key_id     text not null references api_keys (id) on delete cascade,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null
);
create index sessions_by_end on sessions (expires_at);

-- Senders without a key, which are known by what they sign with. The newest secret first; the one before it for a while.
create table sources (
  team         text not null,
  id           text not null,
  kind         text not null,
  scheme       text not null,
  secrets      json not null,
  created_at   timestamptz not null default clock_timestamp(),
  updated_at   timestamptz not null default clock_timestamp(),
  last_used_at timestamptz,
  primary key (team, id)
);
