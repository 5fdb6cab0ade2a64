-- How many sessions there are in each state, and how many numbers are missing, are running totals from here on:
-- whoever saves a session adds what changed. What is there is counted once, into a shard that no process has.
-- An older release that works beside this one does not keep them: every process with the role `jobs` counts anew
-- when it starts, and one of them every hour.
insert into "counters" ("name", "shard", "value")
select 'sessions_' || "state", -1, count(*) from "sessions" group by "state"
union all
select "gaps"."name", -1, coalesce(sum("gaps"."value"), 0)
from "sessions"
cross join lateral (values
    ('gaps_open', ("session" #>> '{gaps,open}')::bigint),
    ('gaps_by_notice', ("session" #>> '{gaps,settledByNotice}')::bigint),
    ('gaps_by_query', ("session" #>> '{gaps,settledByQuery}')::bigint)) as "gaps" ("name", "value")
where "had_gaps" group by "gaps"."name";

-- What one process of all does at a time, and until when it has to do it again to go on.
create table "process_leases" (
    "name" text not null,
    "holder" uuid not null,
    "held_until" timestamptz(6) not null,
    constraint "process_leases_pkey" primary key ("name")
);
