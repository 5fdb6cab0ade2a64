-- What is known of a session has grown: the parts that it consists of, and when it was first said to be over.

-- The details of a raw notification, or null where Postgres cannot hold them as JSON. Stream keys are masked: of an
-- rtmp address the last segment of its path, and of the text that it stands in all that follows.
create or replace function "reporting"."details"("raw" text) returns jsonb
    language plpgsql immutable parallel unsafe as $$
declare
    "told" jsonb;
begin
    "told" := replace("raw", '\u0000', '\ufffd')::jsonb #> '{payload,details}';
    if "told"::text !~* 'rtmp' then
        return "told";
    end if;
    return regexp_replace(
        regexp_replace("told"::text, '("rtmpUrl": *")(?! *rtmp[a-z]{0,3}:)(?:\\.|[^"\\])*"', '\1…"', 'g'),
        '(rtmp[a-z]{0,3}:)(?:(//)(?:[^"\\/?#\s@]*@)?((?:[^"\\/?#\s,;]+/)*)(?=[^"\\/?#\s,;]*[[:alnum:]])|)(?:\\.|[^"\\])*',
        '\1\2\3…', 'gi'
    )::jsonb;
exception when others then
    return null;
end $$;

create or replace view "reporting"."sessions" as
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
    s.updated_at,
    "reporting"."instant"(s.session -> 'endKnownMs') as end_known_at,
    jsonb_path_query_first(s.session, '$.services[*] ? (@.name == "web_recorder_service").state') #>> '{}' as web_recorder_state,
    (jsonb_path_query_first(s.session, '$.services[*] ? (@.name == "web_recorder_service").onHold') #>> '{}')::boolean as web_recorder_on_hold,
    jsonb_array_length(jsonb_path_query_array(s.session, '$.services[*].outputs[*]')) as cdn_outputs,
    jsonb_array_length(jsonb_path_query_array(s.session, '$.services[*].outputs[*] ? (@.status == "disconnected")')) as cdn_outputs_disconnected
from public.sessions s;

comment on column "reporting"."sessions".upload_progress is 'Share of recorded files that are uploaded, 0 to 1: 1 once they all are, else as last reported.';
comment on column "reporting"."sessions".end_known_at is 'When the ledger first said that it is over; null while it lives, and for what an earlier release said until it is folded again.';
comment on column "reporting"."sessions".web_recorder_state is 'init, inProgress or exit: what was last told of the web page recorder; null where nobody told of one.';
comment on column "reporting"."sessions".web_recorder_on_hold is 'Whether the web page recorder was paused when last told of.';
comment on column "reporting"."sessions".cdn_outputs is 'How many CDN addresses it is pushed to.';
comment on column "reporting"."sessions".cdn_outputs_disconnected is 'How many of these were disconnected when last told of.';

-- Sessions that live or ended lately are read anew from their evidence. The end of older ones gets its time when
-- they are folded again: recording-ledger refold.
insert into "pending_evidence" ("sid", "kind", "received_at")
select "sessions"."sid", 'replay', now() from "sessions"
where "sessions"."state" in ('registered', 'starting', 'recording', 'stopping')
   or "sessions"."updated_at" > now() - interval '4 days';
