-- How much of its limit each key has used, where several processes have no Redis to count in.

-- Unlogged: after a crash everybody begins anew, which costs a few seconds' worth of requests and no disk before that.
-- `paid_ms`: when all that was used is paid for, in milliseconds since the epoch.
create unlogged table allowances (
  who      text primary key,
  paid_ms  double precision not null
);

-- The generic cell rate algorithm, for one asker: what it owes counts in any case, what it wants as far as there is some.
create function spend_allowance(
  whose text, owed double precision, wanted double precision, cost_ms double precision, burst_ms double precision,
  out granted double precision, out wait_ms double precision
) language plpgsql as $$
declare
  now_ms double precision;
  paid   double precision;
begin
  insert into allowances (who, paid_ms) values (whose, 0) on conflict (who) do nothing;
  select a.paid_ms into paid from allowances a where a.who = whose for update;
  -- Read when it is this one's turn, not when the statement began.
  now_ms := extract(epoch from clock_timestamp()) * 1000;
  -- One that was forgotten in between has used nothing for long.
  paid := greatest(coalesce(paid, 0), now_ms) + owed * cost_ms;
  granted := greatest(0, least(wanted, floor((now_ms + burst_ms - paid) / cost_ms)));
  paid := paid + granted * cost_ms;
  update allowances a set paid_ms = paid where a.who = whose;
  wait_ms := greatest(0, paid + cost_ms - now_ms - burst_ms);
end
$$;
