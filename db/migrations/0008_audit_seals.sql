-- An audit that shows it when somebody changed it: entries stay as they were written, and seals prove that they did.

-- Each seal covers the entries after the one before it, and the seal before it: none can be taken out of the middle.
create table audit_seals (
  number    bigint primary key,
  -- The last entry that it covers.
  up_to     bigint not null unique,
  entries   integer not null,
  -- Microseconds since the epoch.
  sealed_at bigint not null,
  -- Which key signed it. The key itself is not in the database.
  key_id    text not null,
  mac       text not null
);

-- Up to which entry nothing can come in between any more: numbers are given in one order, and commits come in another.
-- Whoever writes an entry holds the table until its commit, so once it is ours, all that have a number are here.
create function audit_settled() returns bigint language plpgsql set lock_timeout = '100ms' as $$
begin
  lock table audit in share mode;
  return (select max(id) from audit);
end $$;

-- No statement of the platform does this. Retention removes what is older than a day, and nothing else goes.
create function keep_audit() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and old.at < clock_timestamp() - interval '23 hours' then
    return old;
  end if;
  raise exception 'the audit is only ever added to';
end $$;
create trigger keep_audit before update or delete on audit for each row execute function keep_audit();
