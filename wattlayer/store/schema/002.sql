-- Schema 2 of a wattlayer store: what our own measurements tell beyond those of public data sets.
alter table measurement add column energy_ci95_j real;
alter table measurement add column windows integer not null default 0;
-- Descriptions that rows were measured under: a store of one machine can be fitted on another.
create table description (
  folder text not null,
  id text not null,
  text text not null,
  unique (folder, id)
);
