-- What analysts read: views only, in a schema of their own, by a role that can read nothing else.

create schema "reporting";

-- Roles belong to the whole server: another database of it may have made this one already.
do $$
begin
    create role "recording_reader" nologin;
exception
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then
        raise warning 'role recording_reader was not created: the migrating user may not create roles';
end $$;

-- Milliseconds since 1970, as the ledger's documents carry them, to a time.
create function "reporting"."instant"("ms" jsonb) returns timestamptz
    language sql immutable parallel safe
    return case when jsonb_typeof("ms") = 'number' then to_timestamp(("ms" #>> '{}')::numeric / 1000) end;

-- The details of a raw notification, or null where Postgres cannot hold them as JSON.
create function "reporting"."details"("raw" text) returns jsonb
    language plpgsql immutable parallel safe as $$
begin
    return replace("raw", '\u0000', '\ufffd')::jsonb #> '{payload,details}';
exception when others then
    return null;
end $$;

create view "reporting"."sessions" as
select
    s.sid,
    s.app_id,
    s.session ->> 'resourceId' as resource_id,
    s.mode,
    s.cname,
    s.session ->> 'uid' as uid,
    array(select jsonb_array_elements_text(s.session -> 'recorderUids')) as recorder_uids,
    s.state,
    s.outcome,
    s.certainty,
    coalesce("reporting"."instant"(s.session -> 'queryableUntilMs') > now(), false) as queryable,
    s.started_at,
    s.session #>> '{startedAt,source}' as start_source,
    "reporting"."instant"(s.session #> '{endedAt,atMs}') as ended_at,
    "reporting"."instant"(s.session #> '{endedAt,notBeforeMs}') as ended_not_before,
    "reporting"."instant"(s.session #> '{endedAt,notAfterMs}') as ended_not_after,
    s.session #>> '{endedAt,source}' as end_source,
    (s.session ->> 'serviceStatus')::integer as service_status,
    s.session #>> '{upload,state}' as upload_state,
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
    array(select f ->> 'code' from jsonb_array_elements(s.session -> 'findings') f) as finding_codes,
    s.created_at as first_heard_at,
    s.version,
    s.updated_at
from public.sessions s;

comment on view "reporting"."sessions" is 'One row per recording session: the reconciled state, as GET /v1/sessions/{sid} has it.';
comment on column "reporting"."sessions".sid is 'Agora''s recording id.';
comment on column "reporting"."sessions".app_id is 'App ID of the project; from the registration, else from the URL or secret of the first notification.';
comment on column "reporting"."sessions".resource_id is 'resourceId from acquire; null until somebody registers the session.';
comment on column "reporting"."sessions".mode is 'individual, mix, web or raw; null until registered.';
comment on column "reporting"."sessions".cname is 'Channel name, or the label of a web page recording.';
comment on column "reporting"."sessions".uid is 'uid that the recording was started with.';
comment on column "reporting"."sessions".recorder_uids is 'uids of all recorders that spoke for the session, in the order in which they took over.';
comment on column "reporting"."sessions".state is 'registered, starting, recording, stopping, ended or failed.';
comment on column "reporting"."sessions".outcome is 'completed, vanished, abnormal_exit or never_started; null while the session is not over.';
comment on column "reporting"."sessions".certainty is 'Who vouches for the state: reported (notifications), observed (queries) or confirmed (both).';
comment on column "reporting"."sessions".queryable is 'Whether the session can be queried now: registered, and its query window is not over.';
comment on column "reporting"."sessions".started_at is 'When it started, by the best source there is; see start_source.';
comment on column "reporting"."sessions".start_source is 'notice, query or registration.';
comment on column "reporting"."sessions".ended_at is 'When it ended, where somebody saw the end; else null, and the interval in the next two columns.';
comment on column "reporting"."sessions".ended_not_before is 'It was alive then.';
comment on column "reporting"."sessions".ended_not_after is 'It was over then.';
comment on column "reporting"."sessions".end_source is 'notice, query or stop.';
comment on column "reporting"."sessions".service_status is 'Last status number heard from a query or a status notification (0-8, 20).';
comment on column "reporting"."sessions".upload_state is 'unknown, uploading, uploaded, backed_up, stranded or failed.';
comment on column "reporting"."sessions".upload_progress is 'Share of recorded files that are uploaded, 0 to 1, as last reported.';
comment on column "reporting"."sessions".notice_events is 'Distinct notifications received.';
comment on column "reporting"."sessions".notice_deliveries is 'Deliveries received, copies included.';
comment on column "reporting"."sessions".notice_duplicates is 'Deliveries that were copies.';
comment on column "reporting"."sessions".notices_out_of_order is 'Notifications received after one that happened later.';
comment on column "reporting"."sessions".last_notice_at is 'When the last delivery was received.';
comment on column "reporting"."sessions".gaps_open is 'Runs of sequence numbers that are missing.';
comment on column "reporting"."sessions".gaps_settled is 'Runs of sequence numbers that were missing and are settled.';
comment on column "reporting"."sessions".observations is 'How many queries were asked about the session.';
comment on column "reporting"."sessions".last_observation_at is 'When the last query was answered.';
comment on column "reporting"."sessions".last_outcome is 'What the last query brought: answered, not_found, unavailable and so on.';
comment on column "reporting"."sessions".finding_codes is 'Codes of the findings, oldest first.';
comment on column "reporting"."sessions".first_heard_at is 'When the ledger first heard of the session.';
comment on column "reporting"."sessions".version is 'Number of the present version in the change feed.';
comment on column "reporting"."sessions".updated_at is 'When that version was made.';

create view "reporting"."timeline" as
select
    n.sid,
    least(n.occurred_at, n.received_at) as at,
    'notice'::text as source,
    coalesce(n.raw_name, 'event_' || n.event_type::text) as kind,
    n.event_type,
    n.sequence,
    n.service_type,
    n.uid,
    n.details,
    n.received_at,
    1 + (select count(*)::integer from public.repeated_deliveries d
         where d.sid = n.sid and d.event_key = n.event_key) as deliveries
from (
    select notices.*, "reporting"."details"(notices.raw) as details,
           "reporting"."details"(notices.raw) ->> 'msgName' as raw_name
    from public.notices where notices.sid <> ''
) n
union all
select o.sid, o.asked_at, 'query',
       case o.outcome when 'answered' then 'observed' when 'not_found' then 'not_found'
                      else 'query_' || o.outcome end,
       null, null, null, null,
       jsonb_build_object('status', o.status, 'httpStatus', o.http_status, 'count', o.count,
                          'lastAskedAt', o.last_asked_at, 'lastAnsweredAt', o.last_answered_at),
       o.answered_at, 1
from public.observations o
union all
select r.sid, coalesce(r.started_at, r.received_at), 'registration', 'registered',
       null, null, null, r.uid,
       jsonb_build_object('appId', r.app_id, 'resourceId', r.resource_id, 'mode', r.mode, 'cname', r.cname),
       r.received_at, 1
from public.registrations r
union all
select a.sid, a.received_at, 'stop', 'stopped', null, null, null, null, null, a.received_at, 1
from public.stop_answers a;

comment on view "reporting"."timeline" is 'Every known happening of every session with its source. Order by sid, at, sequence.';
comment on column "reporting"."timeline".sid is 'Agora''s recording id.';
comment on column "reporting"."timeline".at is 'When it happened: a notification''s sendts (never later than its receipt), the asking of a query.';
comment on column "reporting"."timeline".source is 'notice, query, registration or stop.';
comment on column "reporting"."timeline".kind is 'Agora''s name of the event (msgName), or what the query or the call brought.';
comment on column "reporting"."timeline".event_type is 'eventType of a notification.';
comment on column "reporting"."timeline".sequence is 'Sequence number of a notification, counted by its sender.';
comment on column "reporting"."timeline".service_type is 'The module that sent it: 0 service, 1 recorder, 2 uploader, 4 extension, 6 web recorder, 7 transcoder, 8 downloader.';
comment on column "reporting"."timeline".uid is 'uid of the recorder it is about.';
comment on column "reporting"."timeline".details is 'The details as they came (notifications), or the main fields (others).';
comment on column "reporting"."timeline".received_at is 'When we learned of it.';
comment on column "reporting"."timeline".deliveries is 'How often the notification was delivered.';

create view "reporting"."files" as
select f.sid, s.app_id, f.name, f.kind, f.track_type, f.uid, f.mixed_all_user, f.playable,
       f.slice_started_at, f.video_id, f.first_seen_at, f.sources
from public.session_files f left join public.sessions s on s.sid = f.sid;

comment on view "reporting"."files" is 'One row per recorded file that any source named, as GET /v1/sessions/{sid}/files has it.';
comment on column "reporting"."files".sid is 'Agora''s recording id.';
comment on column "reporting"."files".app_id is 'App ID of the session.';
comment on column "reporting"."files".name is 'File name, with its folder where one was told; bak<n>_ in front after the n-th failover.';
comment on column "reporting"."files".kind is 'playlist, mp4, snapshot or other, by its extension.';
comment on column "reporting"."files".track_type is 'audio, video or audio_and_video.';
comment on column "reporting"."files".uid is 'uid whose streams are in it; 0 for a mix of all.';
comment on column "reporting"."files".mixed_all_user is 'Whether all users are mixed into it.';
comment on column "reporting"."files".playable is 'Whether it can be played online.';
comment on column "reporting"."files".slice_started_at is 'When its first slice starts.';
comment on column "reporting"."files".video_id is 'Id at ApsaraVideo VoD.';
comment on column "reporting"."files".first_seen_at is 'When the ledger first learned of it.';
comment on column "reporting"."files".sources is 'Who named it: notice:<eventType>, query, stop.';

create view "reporting"."gaps" as
select g.sid, s.app_id, g.uid, g.service_type, g.first_missing, g.last_missing,
       g.last_missing - g.first_missing + 1 as missing, g.revealed_at, g.settled_at, g.settled_by
from public.session_gaps g left join public.sessions s on s.sid = g.sid;

comment on view "reporting"."gaps" is 'Runs of sequence numbers that did not come in their turn, open or settled.';
comment on column "reporting"."gaps".sid is 'Agora''s recording id.';
comment on column "reporting"."gaps".app_id is 'App ID of the session.';
comment on column "reporting"."gaps".uid is 'uid of the recorder that counts.';
comment on column "reporting"."gaps".service_type is 'The module that counts for itself; null where all modules of the recorder share one count.';
comment on column "reporting"."gaps".first_missing is 'First missing number.';
comment on column "reporting"."gaps".last_missing is 'Last missing number.';
comment on column "reporting"."gaps".missing is 'How many numbers are missing.';
comment on column "reporting"."gaps".revealed_at is 'When a higher number was received.';
comment on column "reporting"."gaps".settled_at is 'When it was settled; null while it is open.';
comment on column "reporting"."gaps".settled_by is 'notice (they came late) or query (one covers what they would have told).';

create view "reporting"."delivery_quality_daily" as
select app_id, day, sum(events)::bigint as events, sum(deliveries)::bigint as deliveries,
       (sum(deliveries) - sum(events))::bigint as duplicates, sum(late)::bigint as late, sum(lost)::bigint as lost
from (
    select n.app_id, (n.received_at at time zone 'UTC')::date as day, count(*) as events, count(*) as deliveries,
           count(*) filter (where n.received_at - n.occurred_at > interval '10 seconds') as late, 0 as lost
    from public.notices n where n.sid <> '' and not n.is_test group by 1, 2
    union all
    select s.app_id, (d.received_at at time zone 'UTC')::date, 0, count(*), 0, 0
    from public.repeated_deliveries d join public.sessions s on s.sid = d.sid group by 1, 2
    union all
    select g.app_id, (g.revealed_at at time zone 'UTC')::date, 0, 0, 0, sum(g.missing)
    from "reporting"."gaps" g where g.settled_by is distinct from 'notice' group by 1, 2
    union all
    select a.app_id, a.day, a.events, a.deliveries, a.late, 0 from public.delivery_days a
) counted
group by app_id, day;

comment on view "reporting"."delivery_quality_daily" is 'How well notifications were delivered, by app and day (UTC) of receipt.';
comment on column "reporting"."delivery_quality_daily".app_id is 'App ID.';
comment on column "reporting"."delivery_quality_daily".day is 'Day of receipt, UTC.';
comment on column "reporting"."delivery_quality_daily".events is 'Distinct notifications about recordings.';
comment on column "reporting"."delivery_quality_daily".deliveries is 'Deliveries, copies included.';
comment on column "reporting"."delivery_quality_daily".duplicates is 'Deliveries that were copies.';
comment on column "reporting"."delivery_quality_daily".late is 'Notifications received more than 10 seconds after they happened.';
comment on column "reporting"."delivery_quality_daily".lost is 'Sequence numbers that are missing, by the day on which a higher one was received.';

create view "reporting"."query_usage_hourly" as
select q.account, date_trunc('hour', q.minute, 'UTC') as hour, q.outcome, sum(q.asked)::bigint as queries
from public.query_usage q group by 1, 2, 3;

comment on view "reporting"."query_usage_hourly" is 'Queries asked, by account, hour and outcome.';
comment on column "reporting"."query_usage_hourly".account is 'Account whose budget was used.';
comment on column "reporting"."query_usage_hourly".hour is 'Beginning of the hour.';
comment on column "reporting"."query_usage_hourly".outcome is 'answered, not_found, no_route, bad_request, unauthorized, throttled, incomplete or unavailable.';
comment on column "reporting"."query_usage_hourly".queries is 'How many queries were asked.';

do $$
begin
    grant usage on schema "reporting" to "recording_reader";
    grant select on all tables in schema "reporting" to "recording_reader";
    grant execute on all functions in schema "reporting" to "recording_reader";
exception
    when undefined_object then
        raise warning 'role recording_reader does not exist: grant it the schema reporting by hand';
end $$;
