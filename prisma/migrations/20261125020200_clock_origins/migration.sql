-- This database's time at the zero of each machine's monotonic clock, since that machine was started: by it a
-- process that starts finds a step that came while none ran.
create table "clock_origins" (
    "machine" text not null,
    "origin_ms" bigint not null,
    "measured_at" timestamptz(3) not null,
    constraint "clock_origins_pkey" primary key ("machine")
);
