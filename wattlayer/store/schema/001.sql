-- Schema 1 of a wattlayer store (docs/formats/store_v2.md).
create table layer (
  id integer primary key,
  text text not null unique
);
create table workload (
  id integer primary key,
  name text not null,
  batch integer not null check (batch >= 1),
  is_network integer not null check (is_network in (0, 1)),
  items text not null check (json_valid(items)),
  unique (name, batch, is_network, items)
);
create table measurement (
  id integer primary key,
  dataset text not null,
  hardware text not null,
  engine text not null,
  dtype text not null,
  kind text not null,
  row text not null,
  workload integer not null references workload (id),
  block text not null,
  parent text not null,
  energy_j real,
  energy_sd_j real,
  time_s real,
  idle_power_w real,
  repetitions integer not null,
  scope text not null,
  idle_included integer not null check (idle_included in (0, 1)),
  meter text not null,
  method text not null,
  conditions text not null check (json_valid(conditions)),
  failure text not null,
  unique (dataset, hardware, engine, dtype, kind, row)
);
create index measurement_workload on measurement (workload);
