import type { Database } from './database.ts'

/**
 * A second account of what happens, kept by triggers in the same commits: what was due when, who held what from when to
 * when, which revision followed which, and what
 * was removed for its age. The product knows nothing of it.
 */
export async function installAudit(database: Database): Promise<void> {
  await database.ask(SCHEMA)
}

/** Rows of a table with those that were removed from it, which `removed` tells apart. */
export function withRemoved(table: 'history' | 'actors' | 'event_log' | 'deliveries'): string {
  return `(
    select t.*, false as removed from ${table} t
    union all
    select (json_populate_record(null::${table}, row)).*, true from chaos.removed where source = '${table}'
  )`
}

/**
 * Takes all removals back, so that histories are whole again from the birth on. At once, and while nobody writes: a removal
 * in between would take away an entry whose beginning is gone.
 */
export async function restoreRemoved(database: Database): Promise<void> {
  const back = (table: string): string => `
    insert into ${table} overriding system value
    select (json_populate_record(null::${table}, row)).* from chaos.removed where source = '${table}';`
  await database.ask(`
    begin;
    lock table actors, history, beginnings in exclusive mode;
    ${back('actors')} ${back('history')}
    delete from beginnings;
    commit`)
}

const SCHEMA = `
create schema chaos;
create table chaos.timer_log (
  seq bigserial primary key, op text, address text, id text, armed text, due_at timestamptz, at timestamptz default clock_timestamp()
);
create table chaos.lease_log (
  seq bigserial primary key, op text, device text, ticket text, token bigint, expires_at timestamptz, at timestamptz default clock_timestamp()
);
create table chaos.claim_log (
  seq bigserial primary key, op text, effect_id text, attempts int, claimed_by text, lease_left_ms float8, at timestamptz default clock_timestamp()
);
create table chaos.revision_log (
  seq bigserial primary key, address text, before bigint, after bigint, at timestamptz default clock_timestamp()
);

create table chaos.removed (seq bigserial primary key, source text, row json, at timestamptz default clock_timestamp());

create function chaos.on_timer() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    insert into chaos.timer_log (op, address, id, armed, due_at) values ('gone', old.address, old.id, old.armed, old.due_at);
  else
    insert into chaos.timer_log (op, address, id, armed, due_at) values ('armed', new.address, new.id, new.armed, new.due_at);
  end if;
  return null;
end $$;
create trigger chaos_timers after insert or update or delete on timers for each row execute function chaos.on_timer();

create function chaos.on_lease() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    insert into chaos.lease_log (op, device, ticket, token, expires_at) values ('ended', old.device, old.ticket, old.token, old.expires_at);
  else
    insert into chaos.lease_log (op, device, ticket, token, expires_at) values (case tg_op when 'INSERT' then 'taken' else 'changed' end, new.device, new.ticket, new.token, new.expires_at);
  end if;
  return null;
end $$;
create trigger chaos_leases after insert or update or delete on resource_locks for each row execute function chaos.on_lease();

create function chaos.on_claim() returns trigger language plpgsql as $$
begin
  insert into chaos.claim_log (op, effect_id, attempts, claimed_by, lease_left_ms)
  values (case when new.finished_at is not null then 'finished' when new.claimed_by is null then 'released' else 'claimed' end,
    new.effect_id, new.attempts, new.claimed_by,
    case when old.claimed_by is null then null else extract(epoch from old.lease_until - clock_timestamp()) * 1000 end);
  return null;
end $$;
create trigger chaos_claims after update on invocations for each row
  when (old.claimed_by is distinct from new.claimed_by or old.attempts <> new.attempts or old.finished_at is distinct from new.finished_at)
  execute function chaos.on_claim();

create function chaos.on_revision() returns trigger language plpgsql as $$
begin
  insert into chaos.revision_log (address, before, after) values (new.address, old.revision, new.revision);
  return null;
end $$;
create function chaos.on_removed() returns trigger language plpgsql as $$
begin
  -- As text, so that columns may come and go, and the order of keys stays.
  insert into chaos.removed (source, row) values (tg_table_name, row_to_json(old));
  return null;
end $$;
create trigger chaos_removed after delete on history for each row execute function chaos.on_removed();
create trigger chaos_removed after delete on actors for each row execute function chaos.on_removed();
create trigger chaos_removed after delete on event_log for each row execute function chaos.on_removed();
create trigger chaos_removed after delete on deliveries for each row execute function chaos.on_removed();

create trigger chaos_revisions after update on actors for each row when (old.revision <> new.revision)
  execute function chaos.on_revision();
`
