-- Keeping it for years: histories that begin with a snapshot, who keeps house, and a log that goes on after a move to another server.

-- What an actor was after the first entry that its history still has; the entries before that one are gone.
create table beginnings (
  address      text primary key,
  revision     bigint not null,
  snapshot     json not null,
  timers       json not null,
  work         json not null,
  forked_from  json,
  compacted_at timestamptz not null default clock_timestamp()
);

-- One row: which worker removes what is older than the policy allows, until when that is its right, and what it did last.
create table housekeeping (
  one         boolean primary key default true check (one),
  holder      text,
  lease_until timestamptz,
  finished_at timestamptz,
  report      json
);
insert into housekeeping (one) values (true);

create index dead_letters_by_end on dead_letters (resolved_at) where resolution is not null;
create index run_evidence_by_age on run_evidence (created_at);
create index idempotency_keys_by_age on idempotency_keys (created_at);

-- Cursors over history and event_log count transactions. A copy of the rows on another server, whose own count is lower,
-- would hide them from every reader and put new rows before old ones: there, all further numbers are shifted.
alter table installation add column log_offset bigint not null default 0;

-- Readers of the log stop below it: whatever is still running commits at or above it.
create function log_horizon() returns xid8 language sql stable
return pg_snapshot_xmin(pg_current_snapshot());

-- Makes the numbers go on above everything that is stored; changes nothing where they do. Answers the offset.
create function continue_log() returns bigint language plpgsql as $$
declare
  highest numeric;
  shift   bigint;
  lowest  numeric := pg_snapshot_xmin(pg_current_snapshot())::text::numeric;
  next    numeric := pg_snapshot_xmax(pg_current_snapshot())::text::numeric;
begin
  select log_offset into shift from installation;
  select greatest(
    (select xid::text::numeric from history order by xid desc, seq desc limit 1),
    (select xid::text::numeric from event_log order by xid desc, seq desc limit 1)) into highest;
  if highest is null or highest < next + shift then
    return shift;
  end if;
  shift := highest + 1 - lowest;
  execute format('alter table history alter column xid set default ((pg_current_xact_id()::text::bigint + %s)::text::xid8)', shift);
  execute format('alter table event_log alter column xid set default ((pg_current_xact_id()::text::bigint + %s)::text::xid8)', shift);
  execute format('create or replace function log_horizon() returns xid8 language sql stable return (pg_snapshot_xmin(pg_current_snapshot())::text::bigint + %s)::text::xid8', shift);
  update installation set log_offset = shift;
  return shift;
end $$;
