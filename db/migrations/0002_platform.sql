-- The lab platform on the runtime: registry, deliveries, runs, devices, locks, alerts, keys, audit.

create table agent_registry (
  team         text not null,
  id           text not null,
  version      text not null,
  status       text not null check (status in ('draft', 'published', 'deprecated')),
  source       text not null,
  content_hash text not null,
  definition   json not null,
  created_at   timestamptz not null default clock_timestamp(),
  published_at timestamptz,
  primary key (team, id, version)
);

-- One row an agent: the version that new instances get and whose triggers route, and whether it may start runs.
create table agents (
  team    text not null,
  id      text not null,
  current text,
  enabled boolean not null,
  primary key (team, id)
);

-- Every change of what routing depends on moves this; a routing decision made from an older reading does not commit.
create table rules_revision (
  one      boolean primary key default true check (one),
  revision bigint not null
);
insert into rules_revision (revision) values (1);

create table agent_instances (
  address    text primary key,
  team       text not null,
  id         text not null,
  agent      text not null,
  version    text not null,
  state      text not null,
  live       boolean not null,
  waiting    integer not null default 0,
  running    integer not null default 0,
  succeeded  integer not null default 0,
  failed     integer not null default 0,
  aborted    integer not null default 0,
  updated_at timestamptz not null default clock_timestamp()
);
create index agent_instances_live on agent_instances (team, agent) where live;

create table deliveries (
  event_id   text not null,
  address    text not null,
  message_id text not null,
  agent      text,
  version    text,
  trigger    text,
  priority   smallint not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (event_id, address, message_id)
);

create table agent_execution_history (
  address    text primary key,
  team       text not null,
  id         text not null,
  agent      text not null,
  version    text not null,
  instance   text not null,
  event_id   text not null,
  event_type text not null,
  device     text,
  priority   smallint not null,
  state      text not null,
  outcome    text,
  reason     text,
  started_at timestamptz not null default clock_timestamp(),
  ended_at   timestamptz,
  updated_at timestamptz not null default clock_timestamp()
);
create index runs_by_agent on agent_execution_history (team, agent, started_at desc);
create index runs_by_instance on agent_execution_history (instance, started_at desc);
create index runs_by_event on agent_execution_history (event_id);

-- Written before a step acts ('started') and completed after it. What is 'started' without a result after a crash
-- is judged by the tool's declared safety.
create table run_steps (
  run        text not null,
  position   integer not null,
  step       text not null,
  tool       text not null,
  status     text not null check (status in ('started', 'succeeded', 'failed', 'skipped', 'waiting', 'unknown')),
  attempt    integer not null,
  input      json not null,
  output     json,
  error      json,
  started_at timestamptz not null default clock_timestamp(),
  ended_at   timestamptz,
  primary key (run, position)
);

create table run_evidence (
  id         text primary key,
  run        text not null,
  step       text not null,
  media_type text not null,
  bytes      bytea not null,
  created_at timestamptz not null default clock_timestamp()
);
create index run_evidence_by_run on run_evidence (run);

create table devices (
  id           text primary key,
  team         text not null,
  kind         text not null,
  pool         text not null,
  host         text not null,
  name         text not null,
  labels       json not null,
  gateway      text not null,
  connectivity text not null,
  health       text not null,
  maintenance  json,
  updated_at   timestamptz not null default clock_timestamp()
);

-- The last defence against two holders: a device can stand here once.
create table resource_locks (
  device     text primary key,
  pool       text not null,
  ticket     text not null,
  owner_kind text not null,
  owner_id   text not null,
  token      bigint not null,
  reason     text,
  granted_at timestamptz not null,
  expires_at timestamptz not null
);

create table lock_tickets (
  ticket      text primary key,
  pool        text not null,
  owner_kind  text not null,
  owner_id    text not null,
  state       text not null,
  position    integer,
  priority    smallint not null,
  wants       json not null,
  reason      text,
  devices     json not null,
  enqueued_at timestamptz not null,
  updated_at  timestamptz not null default clock_timestamp()
);
create index lock_tickets_by_pool on lock_tickets (pool, position);

create table alerts (
  team         text not null,
  fingerprint  text not null,
  kind         text not null,
  subject      text,
  severity     text not null,
  status       text not null check (status in ('firing', 'resolved')),
  state        text not null,
  episode      integer not null,
  event_id     text not null,
  started_at   timestamptz not null,
  ended_at     timestamptz,
  last_seen_at timestamptz not null,
  count        integer not null,
  verdict      json,
  primary key (team, fingerprint)
);

create table api_keys (
  id           text primary key,
  team         text not null,
  name         text not null,
  role         text not null check (role in ('viewer', 'operator', 'approver', 'admin')),
  hash         text not null unique,
  created_at   timestamptz not null default clock_timestamp(),
  last_used_at timestamptz,
  revoked_at   timestamptz
);

create table audit (
  id        bigint generated always as identity primary key,
  at        timestamptz not null default clock_timestamp(),
  team      text not null,
  principal text not null,
  action    text not null,
  target    text not null,
  details   json not null
);

create table idempotency_keys (
  team       text not null,
  key        text not null,
  request    text not null,
  body_hash  text not null,
  status     integer,
  response   text,
  created_at timestamptz not null default clock_timestamp(),
  primary key (team, key, request)
);
