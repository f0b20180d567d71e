-- What people look at: when a message was accepted, so that a mailbox can be shown as it was; lists that stay fast.

-- Null: made before this column was, or born without a message.
alter table history add column accepted_at timestamptz;
create index agent_instances_by_id on agent_instances (team, id);
create index audit_by_target on audit (team, target, id);
