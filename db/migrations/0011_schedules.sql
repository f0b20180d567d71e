-- Rules that send an event whenever they are due, so that nobody outside has to post the tick.

-- Written in the commits of the actors that it shows; what was removed has no row.
create table schedules (
  address     text primary key,
  team        text not null,
  id          text not null,
  state       text not null,
  version     integer not null check (version > 0),
  spec        json not null,
  next_at     timestamptz,
  fired       bigint not null,
  missed      bigint not null,
  recent      json not null,
  created_at  timestamptz not null,
  changed_at  timestamptz not null,
  unique (team, id)
);
