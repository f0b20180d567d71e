-- What waits for a person is asked for often and is little: runs that have not ended, events that nobody heard.

create index runs_open on agent_execution_history (team, started_at desc) where outcome is null;
create index event_log_unheard on event_log (team, received_at) where status = 'unhandled';
