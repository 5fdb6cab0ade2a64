-- What reports ask of a day is counted once the day is over and kept; the days that are not counted yet are counted
-- when somebody asks. What comes late marks its day, which is counted anew.

-- What reports read of a session stands in columns of its own: a report reads a million rows, and no documents. A
-- trigger keeps them, so that an older release, which knows nothing of them, can work beside. No index is made of
-- them, so updates stay in place. Rows that are there already get theirs in the next migration.
alter table "sessions"
    add column "ended_not_before" timestamptz(3),
    add column "ended_not_after" timestamptz(3),
    add column "end_known_at" timestamptz(3),
    add column "decided_by" text,
    add column "failovers" integer;

create function "report_session"() returns trigger language plpgsql as $$
declare
    ended jsonb := new."session" -> 'endedAt';
begin
    new."ended_not_before" := to_timestamp((ended ->> 'notBeforeMs')::numeric / 1000.0);
    new."ended_not_after" := to_timestamp((ended ->> 'notAfterMs')::numeric / 1000.0);
    new."end_known_at" := to_timestamp((new."session" ->> 'endKnownMs')::numeric / 1000.0);
    new."decided_by" := ended ->> 'source';
    new."failovers" := greatest(jsonb_array_length(coalesce(new."session" -> 'recorderUids', '[]'::jsonb)) - 1, 0);
    return new;
end $$;

create trigger "sessions_are_reported" before insert or update on "sessions"
    for each row execute function "report_session"();

create table "session_rollups" (
    "day" date not null,
    "app_id" text not null,
    "mode" text not null,
    "sessions" bigint not null,
    "over" bigint not null,
    "recorded_ms" bigint not null,
    "completed" bigint not null,
    "abnormal_exit" bigint not null,
    "vanished" bigint not null,
    "never_started" bigint not null,
    "exit_notices_lost" bigint not null,
    "failovers" bigint not null,
    "without_file" bigint not null,
    "counted_at" timestamptz(3) not null,
    constraint "session_rollups_pkey" primary key ("day", "app_id", "mode")
);

create table "end_rollups" (
    "day" date not null,
    "all_apps" boolean not null,
    "app_id" text not null,
    "ends" bigint not null,
    "known_p50_ms" bigint not null,
    "known_p95_ms" bigint not null,
    "known_p99_ms" bigint not null,
    "counted_at" timestamptz(3) not null,
    constraint "end_rollups_pkey" primary key ("day", "all_apps", "app_id")
);

create table "delivery_rollups" (
    "day" date not null,
    "all_apps" boolean not null,
    "app_id" text not null,
    "events" bigint not null,
    "deliveries" bigint not null,
    "late" bigint not null,
    "lost" bigint not null,
    "gaps" bigint not null,
    "gaps_open" bigint not null,
    "gaps_by_notice" bigint not null,
    "gaps_by_query" bigint not null,
    "delay_p50_ms" bigint,
    "delay_p95_ms" bigint,
    "counted_at" timestamptz(3) not null,
    constraint "delivery_rollups_pkey" primary key ("day", "all_apps", "app_id")
);

-- Days that are over and of which something came late. Whoever writes that appends a row and waits for nobody.
create table "rollup_marks" (
    "id" bigserial not null,
    "kind" text not null,
    "day" date not null,
    constraint "rollup_marks_pkey" primary key ("id")
);

-- The last day that was counted when it was over; the days after it are counted when they are asked for.
create table "rollup_progress" (
    "kind" text not null,
    "through" date not null,
    constraint "rollup_progress_pkey" primary key ("kind")
);

-- What a limit allowed, and since when.
create table "query_limits" (
    "account" text not null,
    "since" timestamptz(3) not null,
    "per_second" double precision not null,
    constraint "query_limits_pkey" primary key ("account", "since")
);

-- Of the copies and gaps of one day. Copies come in the order of time, so a span for each run of pages is enough.
create index "repeated_deliveries_received_at_idx" on "repeated_deliveries" using brin ("received_at");
create index "session_gaps_revealed_at_idx" on "session_gaps" ("revealed_at");
create index "sessions_with_findings_idx" on "sessions" ("created_at" desc) where "finding_codes" <> '{}';
-- Everything about one channel; text of any length, which only this kind of index takes.
create index "sessions_cname_idx" on "sessions" using hash ("cname");

create function "reporting"."day_begins"("day" date) returns timestamptz
    language sql immutable parallel safe
    return "day"::timestamp at time zone 'UTC';

-- The three below run as their owner, for readers may read no table, and tell nothing that the views do not tell.

create function "reporting"."sessions_of_day"("asked" date)
    returns table (
        "app_id" text, "mode" text, "sessions" bigint, "over" bigint, "recorded_ms" bigint, "completed" bigint,
        "abnormal_exit" bigint, "vanished" bigint, "never_started" bigint, "exit_notices_lost" bigint,
        "failovers" bigint, "without_file" bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select coalesce(s.app_id, ''), coalesce(s.mode, ''), count(*),
           count(*) filter (where s.outcome is not null),
           coalesce(sum(extract(epoch from s.ended_at - s.started_at) * 1000)
               filter (where s.outcome <> 'never_started' and s.ended_at > s.started_at), 0)::bigint,
           count(*) filter (where s.outcome = 'completed'),
           count(*) filter (where s.outcome = 'abnormal_exit'),
           count(*) filter (where s.outcome = 'vanished'),
           count(*) filter (where s.outcome = 'never_started'),
           count(*) filter (where s.finding_codes @> '{exit_notice_lost}'),
           coalesce(sum(s.failovers), 0)::bigint,
           count(*) filter (where s.state = 'ended' and s.upload not in ('uploaded', 'backed_up')
               and not exists (select from public.session_files f where f.sid = s.sid and f.playable))
    from public.sessions s
    where (s.started_at >= "reporting"."day_begins"("asked") and s.started_at < "reporting"."day_begins"("asked" + 1))
       or (s.started_at is null
           and s.created_at >= "reporting"."day_begins"("asked") and s.created_at < "reporting"."day_begins"("asked" + 1))
    group by 1, 2
$$;

create function "reporting"."ends_of_day"("asked" date)
    returns table (
        "all_apps" boolean, "app_id" text, "ends" bigint, "known_p50_ms" bigint, "known_p95_ms" bigint,
        "known_p99_ms" bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select grouping(told.app_id) = 1, coalesce(told.app_id, ''), count(*),
           percentile_disc(0.5) within group (order by told.ms),
           percentile_disc(0.95) within group (order by told.ms),
           percentile_disc(0.99) within group (order by told.ms)
    from (
        select coalesce(s.app_id, '') as app_id,
               greatest((extract(epoch from s.end_known_at - s.ended_at) * 1000)::bigint, 0) as ms
        from public.sessions s
        where s.ended_at >= "reporting"."day_begins"("asked") and s.ended_at < "reporting"."day_begins"("asked" + 1)
          and s.end_known_at is not null
    ) told
    group by grouping sets ((told.app_id), ())
    having count(*) > 0
$$;

-- A day's notifications are counted by their delay first: what remains to be sorted are some thousand delays.
create function "reporting"."deliveries_of_day"("asked" date)
    returns table (
        "all_apps" boolean, "app_id" text, "events" bigint, "deliveries" bigint, "late" bigint, "lost" bigint,
        "gaps" bigint, "gaps_open" bigint, "gaps_by_notice" bigint, "gaps_by_query" bigint,
        "delay_p50_ms" bigint, "delay_p95_ms" bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    with by_delay as materialized (
        select n.app_id,
               greatest((extract(epoch from n.received_at - n.occurred_at) * 1000)::bigint, 0) as ms, count(*) as times
        from public.notices n
        where n.received_at >= "reporting"."day_begins"("asked")
          and n.received_at < "reporting"."day_begins"("asked" + 1)
          and n.sid <> '' and not n.is_test
        group by 1, 2
    ), each as (
        select false as all_apps, d.app_id, d.ms, d.times from by_delay d
        union all
        select true, '', d.ms, sum(d.times) from by_delay d group by d.ms
    ), running as (
        select e.*, sum(e.times) over (partition by e.all_apps, e.app_id order by e.ms) as upto,
               sum(e.times) over (partition by e.all_apps, e.app_id) as total
        from each e
    ), events as (
        select r.all_apps, r.app_id, sum(r.times) as events, sum(r.times) filter (where r.ms > 10000) as late,
               min(r.ms) filter (where r.upto >= 0.5 * r.total) as p50,
               min(r.ms) filter (where r.upto >= 0.95 * r.total) as p95
        from running r group by 1, 2
    ), others as (
        select coalesce(s.app_id, '') as app_id, 0 as events, count(*) as deliveries, 0 as late, 0 as lost, 0 as gaps,
               0 as open, 0 as by_notice, 0 as by_query
        from public.repeated_deliveries d join public.sessions s on s.sid = d.sid
        where d.received_at >= "reporting"."day_begins"("asked")
          and d.received_at < "reporting"."day_begins"("asked" + 1)
        group by 1
        union all
        select coalesce(s.app_id, ''), 0, 0, 0,
               sum(g.last_missing - g.first_missing + 1) filter (where g.settled_by is distinct from 'notice'), count(*),
               count(*) filter (where g.settled_by is null), count(*) filter (where g.settled_by = 'notice'),
               count(*) filter (where g.settled_by = 'query')
        from public.session_gaps g left join public.sessions s on s.sid = g.sid
        where g.revealed_at >= "reporting"."day_begins"("asked")
          and g.revealed_at < "reporting"."day_begins"("asked" + 1)
        group by 1
        union all
        select a.app_id, a.events, a.deliveries, a.late, 0, 0, 0, 0, 0
        from public.delivery_days a where a.day = "asked"
    ), together as (
        select e.all_apps, e.app_id, e.events, e.events as deliveries, e.late, 0 as lost, 0 as gaps, 0 as open,
               0 as by_notice, 0 as by_query, e.p50, e.p95
        from events e
        union all
        select grouping(o.app_id) = 1, coalesce(o.app_id, ''), sum(o.events), sum(o.deliveries), sum(o.late), sum(o.lost),
               sum(o.gaps), sum(o.open), sum(o.by_notice), sum(o.by_query), null, null
        from others o group by grouping sets ((o.app_id), ()) having count(*) > 0
    )
    select t.all_apps, t.app_id, sum(t.events)::bigint, sum(t.deliveries)::bigint, coalesce(sum(t.late), 0)::bigint,
           coalesce(sum(t.lost), 0)::bigint, sum(t.gaps)::bigint, sum(t.open)::bigint, sum(t.by_notice)::bigint,
           sum(t.by_query)::bigint,
           -- What retention has dropped had delays that nobody can ask for any more.
           case when not exists (select from public.delivery_days a where a.day = "asked") then max(t.p50) end,
           case when not exists (select from public.delivery_days a where a.day = "asked") then max(t.p95) end
    from together t group by 1, 2
$$;
