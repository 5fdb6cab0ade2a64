-- Reports read the daily roll-ups and the columns that are kept for them.

insert into "rollup_progress" ("kind", "through")
select kind, (now() at time zone 'UTC')::date - 1 from unnest('{sessions,ends,deliveries}'::text[]) as kind;

-- Every day of which there is something is counted once, by the service, one after another.
insert into "rollup_marks" ("kind", "day")
select 'sessions', day from (
    select distinct (coalesce(started_at, created_at) at time zone 'UTC')::date as day from sessions
) days where day < (now() at time zone 'UTC')::date
union all
select 'ends', day from (
    select distinct (ended_at at time zone 'UTC')::date as day from sessions where ended_at is not null
) days where day < (now() at time zone 'UTC')::date
union all
select 'deliveries', day from (
    select to_date(substring(part.relname from '\d{8}$'), 'YYYYMMDD') as day
    from pg_inherits join pg_class part on part.oid = pg_inherits.inhrelid
    where pg_inherits.inhparent = 'public.notices'::regclass and part.relname ~ '^notices_\d{8}$'
    union
    select distinct (received_at at time zone 'UTC')::date from evidence_parts.notices_default
    union
    select distinct (revealed_at at time zone 'UTC')::date from session_gaps
    union
    select day from delivery_days
) days where day < (now() at time zone 'UTC')::date;

create or replace view "reporting"."sessions" as
select
    s.sid,
    s.app_id,
    s.resource_id,
    s.mode,
    s.cname,
    s.uid,
    array(select jsonb_array_elements_text(s.session -> 'recorderUids')) as recorder_uids,
    s.state,
    s.outcome,
    s.certainty,
    coalesce(s.queryable_until > now(), false) as queryable,
    s.started_at,
    s.session #>> '{startedAt,source}' as start_source,
    case when s.ended_not_before is null and s.ended_not_after is null then s.ended_at::timestamptz end as ended_at,
    s.ended_not_before::timestamptz as ended_not_before,
    s.ended_not_after::timestamptz as ended_not_after,
    s.decided_by as end_source,
    s.service_status,
    s.upload as upload_state,
    (s.session #>> '{upload,progress}')::double precision as upload_progress,
    (s.session #>> '{notices,events}')::integer as notice_events,
    (s.session #>> '{notices,deliveries}')::integer as notice_deliveries,
    (s.session #>> '{notices,duplicates}')::integer as notice_duplicates,
    (s.session #>> '{notices,outOfOrder}')::integer as notices_out_of_order,
    "reporting"."instant"(s.session #> '{notices,lastMs}') as last_notice_at,
    (s.session #>> '{gaps,open}')::integer as gaps_open,
    (s.session #>> '{gaps,settled}')::integer as gaps_settled,
    (s.session #>> '{observations,count}')::integer as observations,
    "reporting"."instant"(s.session #> '{observations,lastMs}') as last_observation_at,
    s.session #>> '{observations,lastOutcome}' as last_outcome,
    coalesce(s.finding_codes, '{}') as finding_codes,
    s.created_at as first_heard_at,
    s.version,
    s.updated_at,
    s.end_known_at::timestamptz as end_known_at,
    jsonb_path_query_first(s.session, '$.services[*] ? (@.name == "web_recorder_service").state') #>> '{}' as web_recorder_state,
    (jsonb_path_query_first(s.session, '$.services[*] ? (@.name == "web_recorder_service").onHold') #>> '{}')::boolean as web_recorder_on_hold,
    jsonb_array_length(jsonb_path_query_array(s.session, '$.services[*].outputs[*]')) as cdn_outputs,
    jsonb_array_length(jsonb_path_query_array(s.session, '$.services[*].outputs[*] ? (@.status == "disconnected")')) as cdn_outputs_disconnected,
    s.decided_by,
    s.ended_at as over_at,
    s.failovers
from public.sessions s;

comment on column "reporting"."sessions".finding_codes is 'Codes of its findings, each once, in the order of the alphabet; reporting.findings has their times and sentences.';
comment on column "reporting"."sessions".decided_by is 'Which source decided that it is over: notice, query or stop; null while it is not.';
comment on column "reporting"."sessions".over_at is 'The latest moment at which it can have ended: ended_at, else ended_not_after, else ended_not_before. Reports count an end on its day, and measure from it.';
comment on column "reporting"."sessions".failovers is 'How often another recorder took over.';

create view "reporting"."sessions_daily" as
select r.day, nullif(r.app_id, '') as app_id, nullif(r.mode, '') as mode, r.sessions, r.over,
       round(r.recorded_ms / 60000.0, 3) as minutes_recorded, r.completed, r.abnormal_exit, r.vanished, r.never_started,
       r.exit_notices_lost, r.failovers, r.without_file, r.counted_at
from public.session_rollups r
where r.day <= (select p.through from public.rollup_progress p where p.kind = 'sessions')
union all
select d.day, nullif(f.app_id, ''), nullif(f.mode, ''), f.sessions, f.over, round(f.recorded_ms / 60000.0, 3),
       f.completed, f.abnormal_exit, f.vanished, f.never_started, f.exit_notices_lost, f.failovers, f.without_file,
       now()::timestamptz(3)
from (
    select p.through, generate_series(p.through + 1, (now() at time zone 'UTC')::date, interval '1 day')::date as day
    from public.rollup_progress p where p.kind = 'sessions'
) d cross join lateral "reporting"."sessions_of_day"(d.day) f;

comment on view "reporting"."sessions_daily" is 'Sessions by the day (UTC) on which they started or, where no start is known, were first heard of.';
comment on column "reporting"."sessions_daily".day is 'Day of the start, UTC.';
comment on column "reporting"."sessions_daily".app_id is 'App ID; null where it is not known.';
comment on column "reporting"."sessions_daily".mode is 'individual, mix, web or raw; null until registered.';
comment on column "reporting"."sessions_daily".sessions is 'How many sessions.';
comment on column "reporting"."sessions_daily".over is 'How many of them are over.';
comment on column "reporting"."sessions_daily".minutes_recorded is 'Minutes from start to end of those that are over, without those that never started.';
comment on column "reporting"."sessions_daily".completed is 'How many completed.';
comment on column "reporting"."sessions_daily".abnormal_exit is 'How many exited abnormally.';
comment on column "reporting"."sessions_daily".vanished is 'How many vanished: gone, and no exit and no cause was heard.';
comment on column "reporting"."sessions_daily".never_started is 'How many never started.';
comment on column "reporting"."sessions_daily".exit_notices_lost is 'How many are over and their exit notification (11) never came.';
comment on column "reporting"."sessions_daily".failovers is 'How often another recorder took over, in all of them.';
comment on column "reporting"."sessions_daily".without_file is 'How many ended, and neither was their upload reported as done nor is a file known that can be played online.';
comment on column "reporting"."sessions_daily".counted_at is 'When it was counted: days that are over are counted once, and again when something of them comes late; the others when they are asked for.';

create view "reporting"."time_to_truth_daily" as
select r.day, r.all_apps, nullif(r.app_id, '') as app_id, r.ends, r.known_p50_ms as p50_ms, r.known_p95_ms as p95_ms,
       r.known_p99_ms as p99_ms, r.counted_at
from public.end_rollups r
where r.day <= (select p.through from public.rollup_progress p where p.kind = 'ends')
union all
select d.day, f.all_apps, nullif(f.app_id, ''), f.ends, f.known_p50_ms, f.known_p95_ms, f.known_p99_ms,
       now()::timestamptz(3)
from (
    select p.through, generate_series(p.through + 1, (now() at time zone 'UTC')::date, interval '1 day')::date as day
    from public.rollup_progress p where p.kind = 'ends'
) d cross join lateral "reporting"."ends_of_day"(d.day) f;

comment on view "reporting"."time_to_truth_daily" is 'How long it took until the ledger said that a session is over (end_known_at minus over_at), by the day (UTC) of the end: a row for each app, and one for all of them.';
comment on column "reporting"."time_to_truth_daily".day is 'Day of the end, UTC.';
comment on column "reporting"."time_to_truth_daily".all_apps is 'Whether the row is of all apps together: percentiles of several apps cannot be added up.';
comment on column "reporting"."time_to_truth_daily".app_id is 'App ID; null in rows of all apps, and where it is not known.';
comment on column "reporting"."time_to_truth_daily".ends is 'How many sessions ended.';
comment on column "reporting"."time_to_truth_daily".p50_ms is 'Half of them were known after so many milliseconds or fewer.';
comment on column "reporting"."time_to_truth_daily".p95_ms is '95 of 100 were.';
comment on column "reporting"."time_to_truth_daily".p99_ms is '99 of 100 were.';
comment on column "reporting"."time_to_truth_daily".counted_at is 'When it was counted: days that are over are counted once, and again when something of them comes late; the others when they are asked for.';

create view "reporting"."notifications_daily" as
select r.day, r.all_apps, nullif(r.app_id, '') as app_id, r.events, r.deliveries, r.deliveries - r.events as duplicates,
       r.late, r.lost, r.delay_p50_ms, r.delay_p95_ms, r.gaps, r.gaps_open, r.gaps_by_notice, r.gaps_by_query, r.counted_at
from public.delivery_rollups r
where r.day <= (select p.through from public.rollup_progress p where p.kind = 'deliveries')
union all
select d.day, f.all_apps, nullif(f.app_id, ''), f.events, f.deliveries, f.deliveries - f.events, f.late, f.lost,
       f.delay_p50_ms, f.delay_p95_ms, f.gaps, f.gaps_open, f.gaps_by_notice, f.gaps_by_query, now()::timestamptz(3)
from (
    select p.through, generate_series(p.through + 1, (now() at time zone 'UTC')::date, interval '1 day')::date as day
    from public.rollup_progress p where p.kind = 'deliveries'
) d cross join lateral "reporting"."deliveries_of_day"(d.day) f;

comment on view "reporting"."notifications_daily" is 'How notifications came, by the day (UTC) of receipt: a row for each app, and one for all of them.';
comment on column "reporting"."notifications_daily".day is 'Day of receipt, UTC.';
comment on column "reporting"."notifications_daily".all_apps is 'Whether the row is of all apps together: percentiles of several apps cannot be added up.';
comment on column "reporting"."notifications_daily".app_id is 'App ID; null in rows of all apps, and where it is not known.';
comment on column "reporting"."notifications_daily".events is 'Distinct notifications about recordings.';
comment on column "reporting"."notifications_daily".deliveries is 'Deliveries, copies included.';
comment on column "reporting"."notifications_daily".duplicates is 'Deliveries that were copies.';
comment on column "reporting"."notifications_daily".late is 'Notifications received more than 10 seconds after they happened.';
comment on column "reporting"."notifications_daily".lost is 'Sequence numbers that are missing, by the day on which a higher one was received.';
comment on column "reporting"."notifications_daily".delay_p50_ms is 'Half of the notifications were received so many milliseconds after they happened, or sooner; null where they are not kept any more.';
comment on column "reporting"."notifications_daily".delay_p95_ms is '95 of 100 were.';
comment on column "reporting"."notifications_daily".gaps is 'Runs of sequence numbers that did not come in their turn, by the day on which a higher one was received.';
comment on column "reporting"."notifications_daily".gaps_open is 'How many of them are open.';
comment on column "reporting"."notifications_daily".gaps_by_notice is 'How many were settled by the notifications that were missing: they were late.';
comment on column "reporting"."notifications_daily".gaps_by_query is 'How many were settled by a query, which covers what they would have told.';
comment on column "reporting"."notifications_daily".counted_at is 'When it was counted: days that are over are counted once, and again when something of them comes late; the others when they are asked for.';

create or replace view "reporting"."delivery_quality_daily" as
select n.app_id, n.day, n.events, n.deliveries, n.duplicates, n.late, n.lost, n.delay_p50_ms, n.delay_p95_ms, n.counted_at
from "reporting"."notifications_daily" n where not n.all_apps;

comment on column "reporting"."delivery_quality_daily".delay_p50_ms is 'Half of the notifications were received so many milliseconds after they happened, or sooner; null where they are not kept any more.';
comment on column "reporting"."delivery_quality_daily".delay_p95_ms is '95 of 100 were.';
comment on column "reporting"."delivery_quality_daily".counted_at is 'When it was counted: days that are over are counted once, and again when something of them comes late; the others when they are asked for.';

create view "reporting"."gaps_daily" as
select n.day, n.app_id, n.gaps, n.gaps_open as open, n.gaps_by_notice as settled_by_notice,
       n.gaps_by_query as settled_by_query, n.lost as missing, n.counted_at
from "reporting"."notifications_daily" n where not n.all_apps and n.gaps > 0;

comment on view "reporting"."gaps_daily" is 'Runs of sequence numbers that did not come in their turn, by app and by the day (UTC) on which a higher one was received.';
comment on column "reporting"."gaps_daily".day is 'Day on which they were revealed, UTC.';
comment on column "reporting"."gaps_daily".app_id is 'App ID.';
comment on column "reporting"."gaps_daily".gaps is 'How many runs.';
comment on column "reporting"."gaps_daily".open is 'How many are open.';
comment on column "reporting"."gaps_daily".settled_by_notice is 'How many were settled by the notifications that were missing: they were late.';
comment on column "reporting"."gaps_daily".settled_by_query is 'How many were settled by a query, which covers what they would have told.';
comment on column "reporting"."gaps_daily".missing is 'How many numbers are missing, without those that came late.';
comment on column "reporting"."gaps_daily".counted_at is 'When it was counted: days that are over are counted once, and again when something of them comes late; the others when they are asked for.';

create or replace view "reporting"."query_usage_hourly" as
select u.account, u.hour, u.outcome, u.queries,
       round(3600 * coalesce(
           (select l.per_second from public.query_limits l where l.account = u.account and l.since < u.hour + interval '1 hour'
            order by l.since desc limit 1),
           (select l.per_second from public.query_limits l where l.account = u.account order by l.since limit 1)
       ))::bigint as limit_per_hour
from (
    select q.account, date_trunc('hour', q.minute, 'UTC') as hour, q.outcome, sum(q.asked)::bigint as queries
    from public.query_usage q group by 1, 2, 3
) u;
comment on column "reporting"."query_usage_hourly".limit_per_hour is 'How many queries the limit of the account allowed in an hour, all outcomes together; null where no release noted it.';

create view "reporting"."versions" as
select c.cursor, c.sid, c.version, c.at, c.changed, c.session ->> 'appId' as app_id, c.session ->> 'state' as state,
       c.session ->> 'outcome' as outcome, c.session ->> 'certainty' as certainty
from public.changes c;

comment on view "reporting"."versions" is 'Every version of every session that the change feed keeps, as GET /v1/sessions/{sid}/versions has them.';
comment on column "reporting"."versions".cursor is 'Its place in the change feed.';
comment on column "reporting"."versions".sid is 'Agora''s recording id.';
comment on column "reporting"."versions".version is 'Its number.';
comment on column "reporting"."versions".at is 'When it was made.';
comment on column "reporting"."versions".changed is 'What it says that the version before did not, as paths.';
comment on column "reporting"."versions".app_id is 'App ID; read from the document, as the three below, and only when asked for.';
comment on column "reporting"."versions".state is 'State as of this version.';
comment on column "reporting"."versions".outcome is 'Outcome as of this version.';
comment on column "reporting"."versions".certainty is 'Certainty as of this version.';

-- Joined to sessions by hand, Postgres would read every happening there is: this way it looks each session's up.
create view "reporting"."channel_timeline" as
select s.cname, s.app_id, s.sid, s.state, t.at, t.source, t.kind, t.event_type, t.sequence, t.uid, t.details, t.received_at,
       t.deliveries
from public.sessions s
cross join lateral (select told.* from "reporting"."timeline" told where told.sid = s.sid offset 0) t;

comment on view "reporting"."channel_timeline" is 'Every known happening of the sessions of a channel: ask for one cname, or a few.';
comment on column "reporting"."channel_timeline".cname is 'Channel name.';
comment on column "reporting"."channel_timeline".app_id is 'App ID of the session.';
comment on column "reporting"."channel_timeline".sid is 'Agora''s recording id.';
comment on column "reporting"."channel_timeline".state is 'State of the session now.';
comment on column "reporting"."channel_timeline".at is 'When it happened.';
comment on column "reporting"."channel_timeline".source is 'notice, query, registration or stop.';
comment on column "reporting"."channel_timeline".kind is 'Name of the event, or what the query or the call brought.';
comment on column "reporting"."channel_timeline".event_type is 'eventType of a notification.';
comment on column "reporting"."channel_timeline".sequence is 'Sequence number of a notification, counted by its sender.';
comment on column "reporting"."channel_timeline".uid is 'uid of the recorder it is about.';
comment on column "reporting"."channel_timeline".details is 'The details as they came, or the main fields.';
comment on column "reporting"."channel_timeline".received_at is 'When we learned of it.';
comment on column "reporting"."channel_timeline".deliveries is 'How often the notification was delivered.';

create view "reporting"."findings" as
select s.sid, s.app_id, s.started_at, s.created_at as first_heard_at, f ->> 'code' as code,
       "reporting"."instant"(f -> 'atMs') as at, f ->> 'message' as message
from public.sessions s cross join lateral jsonb_array_elements(s.session -> 'findings') f
where s.finding_codes <> '{}';

comment on view "reporting"."findings" is 'Findings of sessions. Only sessions that have some are read; docs/findings.md says what each code means.';
comment on column "reporting"."findings".sid is 'Agora''s recording id.';
comment on column "reporting"."findings".app_id is 'App ID of the session.';
comment on column "reporting"."findings".started_at is 'When the session started.';
comment on column "reporting"."findings".first_heard_at is 'When the ledger first heard of the session: the order in which findings are found fast.';
comment on column "reporting"."findings".code is 'What it is.';
comment on column "reporting"."findings".at is 'When it was so.';
comment on column "reporting"."findings".message is 'A sentence about this session.';

create view "reporting"."quarantined_notifications" as
select q.id, q.app_id, q.reason, octet_length(q.raw) as bytes, q.received_at, q.replayed_at
from public.quarantined_bodies q;

comment on view "reporting"."quarantined_notifications" is 'Bodies with a valid signature that could not be read when they came.';
comment on column "reporting"."quarantined_notifications".id is 'Its number.';
comment on column "reporting"."quarantined_notifications".app_id is 'App ID whose secret signed it.';
comment on column "reporting"."quarantined_notifications".reason is 'Why it could not be read.';
comment on column "reporting"."quarantined_notifications".bytes is 'Its size.';
comment on column "reporting"."quarantined_notifications".received_at is 'When it was received.';
comment on column "reporting"."quarantined_notifications".replayed_at is 'When it was taken in after all; null while it waits.';

create view "reporting"."rejected_notifications" as
select nullif(h.app_id, '') as app_id, substring(h.kind from 10) as reason, h.at as last_at, h.advice
from public.last_heard h where starts_with(h.kind, 'rejected ');

comment on view "reporting"."rejected_notifications" is 'What the receiver refused: the last time for each app and reason. Refused bodies are not kept.';
comment on column "reporting"."rejected_notifications".app_id is 'App ID of the URL; null where it named none that is known.';
comment on column "reporting"."rejected_notifications".reason is 'Why it was refused.';
comment on column "reporting"."rejected_notifications".last_at is 'When that last happened.';
comment on column "reporting"."rejected_notifications".advice is 'What to look at.';

do $$
begin
    grant usage on schema "reporting" to "recording_reader";
    grant select on all tables in schema "reporting" to "recording_reader";
    grant execute on all functions in schema "reporting" to "recording_reader";
exception
    when undefined_object then
        raise warning 'role recording_reader does not exist: it is granted the schema reporting once it is there';
end $$;
