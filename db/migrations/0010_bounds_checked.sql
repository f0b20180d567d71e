-- Looks at the rows that are older than the bounds (0009_bounds.sql). Readers and writers go on meanwhile. A row that
-- breaks a bound stays as it is, and so does the bound: for new rows only.

do $$
declare
  bound record;
begin
  for bound in
    select conrelid::regclass as place, conname as name from pg_constraint
    where contype = 'c' and not convalidated and connamespace = current_schema()::regnamespace
  loop
    begin
      execute format('alter table %s validate constraint %I', bound.place, bound.name);
    exception when check_violation then
      raise warning 'rows of % break %: it holds for new ones only', bound.place, bound.name;
    end;
  end loop;
end $$;
