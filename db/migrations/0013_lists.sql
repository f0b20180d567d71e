-- Lists of runs and alerts read their newest rows instead of all; whoever removes old histories goes on where it was left.

create index runs_by_start on agent_execution_history (team, started_at desc, address desc);
create index runs_by_device on agent_execution_history (team, device, started_at desc, address desc) where device is not null;
create index alerts_by_start on alerts (team, started_at desc, fingerprint desc);
create index alerts_by_subject on alerts (team, subject, started_at desc, fingerprint desc) where subject is not null;
create index alerts_firing on alerts (team, started_at desc, fingerprint desc) where status = 'firing';

-- How far histories were looked at, as `xid.seq`; null: the next pass begins with the oldest entry.
alter table housekeeping add column history_cursor text;
