-- The newest events of a team, and those of its last hours, are read without the rest of the log. By itself, so that runs
-- and alerts, whose indexes come before, are not held up while this one reads a long log.

create index event_log_in_order on event_log (team, seq);
create index event_log_by_time on event_log (team, received_at);
