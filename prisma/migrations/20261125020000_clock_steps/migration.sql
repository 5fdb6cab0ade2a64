-- Steps of this database's clock that a process found by its own monotonic clock. How many there are is the
-- era of what is written after: only times of one era tell how long something took.
create table "clock_steps" (
    "id" serial not null,
    "found_at" timestamptz(3) not null,
    "by_ms" bigint not null,
    constraint "clock_steps_pkey" primary key ("id")
);

-- A release before this one writes none, and finds no steps.
alter table "observations" add column "clock_era" integer not null default 0;
