-- Work that kills its worker comes to an end; mail keeps the team of its sender; rows that make no sense are refused.

-- Tries that were cut off: whoever had claimed the work never came back. Counted by the next claim.
alter table invocations add column interrupted integer not null default 0;

-- Null: from whoever may write to anybody, the host itself.
alter table mailbox add column team text;

-- What somebody set by hand before it was refused: a turn would begin there for ever.
update actors a
set revision = greatest(1, (select max(h.revision) from history h where h.address = a.address)),
  status = 'parked', parked = '{"message": "Its revision was not one", "hash": ""}'
where a.revision < 1;

-- New rows only, for the moment: to look at those that are there takes long, and is done without a lock by the next migration.
alter table actors
  add constraint actors_revision check (revision > 0) not valid,
  add constraint actors_address check (address = kind || '/' || key) not valid,
  add constraint actors_parked_reason check (status <> 'parked' or parked is not null) not valid;
alter table history add constraint history_revision check (revision > 0) not valid;
alter table beginnings add constraint beginnings_revision check (revision > 0) not valid;
alter table mailbox add constraint mailbox_lane check (lane >= 0) not valid;
alter table invocations
  add constraint invocations_counts check (attempts >= 0 and interrupted >= 0) not valid,
  add constraint invocations_outcome check ((finished_at is null) = (outcome is null)) not valid;
