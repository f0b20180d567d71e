-- The durable actor runtime: actors, their mail, timers, invocations, history, dead letters, and the event log.
-- State and events are `json`, not `jsonb`: the order of keys is part of what a machine sees.

create table actors (
  address      text primary key,
  kind         text not null,
  key          text not null,
  status       text not null check (status in ('active', 'done', 'error', 'stopped', 'parked')),
  revision     bigint not null,
  value        json not null,
  snapshot     json not null,
  machine_hash text not null,
  version      text not null,
  parent       text,
  child_id     text,
  root         text not null,
  system_id    text,
  team         text not null default 'default',
  parked       json,
  created_at   timestamptz not null default clock_timestamp(),
  updated_at   timestamptz not null default clock_timestamp()
) with (fillfactor = 70);
create index actors_by_kind on actors (kind, address);
create index actors_by_parent on actors (parent) where parent is not null;
create index actors_parked on actors (kind, address) where status = 'parked';
-- Not unique: a child that is being replaced still lives when the next one takes over its name.
create index actors_by_system_id on actors (root, system_id, created_at) where system_id is not null;

-- Waiting mail. Read by what is there, never by `id > last`: the order of a sequence is not the order of commits.
create table mailbox (
  id         bigint generated always as identity primary key,
  address    text not null,
  message_id text not null,
  lane       smallint not null,
  event      json not null,
  sender     text,
  cause      text,
  created_at timestamptz not null default clock_timestamp(),
  unique (address, message_id)
);
create index mailbox_in_order on mailbox (address, lane, id);
create index mailbox_by_age on mailbox (created_at);

-- A timer is mail from the moment it is due; only a turn of its own actor removes it, so a cancelled one never fires.
create table timers (
  address text not null,
  id      text not null,
  armed   text not null,
  event   json not null,
  due_at  timestamptz not null,
  target  text,
  cause   text,
  primary key (address, id)
);
create index timers_by_due on timers (due_at);

-- An invocation is work; once `finished_at` is set its outcome is mail for the actor that asked.
create table invocations (
  effect_id   text primary key,
  address     text not null,
  id          text not null,
  born        text not null,
  kind        text not null check (kind in ('promise', 'action')),
  src         text not null,
  input       json not null,
  cause       text,
  attempts    integer not null default 0,
  claimed_by  text,
  lease_until timestamptz,
  not_before  timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  outcome     json,
  created_at  timestamptz not null default clock_timestamp()
);
create index invocations_by_address on invocations (address);
create index invocations_open on invocations (not_before) where finished_at is null;
create index invocations_finished on invocations (finished_at) where finished_at is not null;

create table history (
  address      text not null,
  revision     bigint not null,
  message_id   text not null,
  event        json not null,
  from_value   json,
  to_value     json not null,
  status       text not null,
  effects      json not null,
  handled      boolean not null,
  sender       text,
  cause        text,
  machine_hash text not null,
  at           timestamptz not null default clock_timestamp(),
  -- With `seq`, a cursor over all actors: readers stop below the oldest running transaction, so they never skip.
  xid          xid8 not null default pg_current_xact_id(),
  seq          bigint generated always as identity,
  primary key (address, revision),
  unique (address, message_id)
);
create index history_in_commit_order on history (xid, seq);

create table dead_letters (
  id           bigint generated always as identity primary key,
  kind         text not null default 'message' check (kind in ('message', 'action')),
  address      text not null,
  message_id   text not null,
  event        json not null,
  lane         smallint not null default 1,
  sender       text,
  cause        text,
  team         text not null default 'default',
  reason       text not null,
  error        json,
  revision     bigint,
  machine_hash text,
  created_at   timestamptz not null default clock_timestamp(),
  resolution   text check (resolution in ('redriven', 'discarded')),
  resolved_by  text,
  resolved_at  timestamptz
);
create index dead_letters_open on dead_letters (team, id) where resolution is null;

-- Everything that happened. Not partitioned: the unique delivery key must hold over all days (docs/decisions/0003).
create table event_log (
  id             text primary key,
  team           text not null default 'default',
  source         text not null,
  source_id      text not null,
  body_hash      text not null,
  type           text not null,
  subject        text,
  time           timestamptz not null,
  data           json not null,
  severity       text,
  priority       smallint not null,
  correlationid  text,
  causationid    text,
  depth          smallint not null default 0,
  status         text not null check (status in ('accepted', 'routed', 'unhandled')),
  received_at    timestamptz not null default clock_timestamp(),
  xid            xid8 not null default pg_current_xact_id(),
  seq            bigint generated always as identity,
  unique (team, source, source_id)
);
create index event_log_in_commit_order on event_log (xid, seq);
create index event_log_by_type on event_log (team, type, seq);
create index event_log_by_subject on event_log (team, subject, seq) where subject is not null;
create index event_log_accepted on event_log (seq) where status = 'accepted';
create index event_log_unhandled on event_log (team, seq) where status = 'unhandled';

-- Names this installation, so that two platforms that share one Redis never take each other's jobs.
create table installation (
  one boolean primary key default true check (one),
  id  uuid not null default gen_random_uuid()
);
insert into installation (one) values (true);
