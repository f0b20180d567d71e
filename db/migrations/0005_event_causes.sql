-- What came of an event is asked from its page; most events that come from outside name no cause, and cost nothing here.

create index event_log_by_cause on event_log (team, causationid, seq) where causationid is not null;
