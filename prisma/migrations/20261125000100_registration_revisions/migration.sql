-- What was told of a registered session later: what had been left out, or another registration in place
-- of it. The first one stays in "registrations", so that an older release still works beside.
create table "registration_revisions" (
    "id" bigserial not null,
    "sid" text not null,
    "app_id" text not null,
    "resource_id" text not null,
    "mode" text not null,
    "cname" text not null,
    "uid" text not null,
    "started_at" timestamptz(3),
    "resource_expired_hour" integer,
    "received_at" timestamptz(3) not null,
    "replaces" boolean not null,
    constraint "registration_revisions_pkey" primary key ("id")
);
create index "registration_revisions_sid_idx" on "registration_revisions" ("sid");

-- Sessions that cannot be asked about, for their app is not configured: found at once when it is.
create index "sessions_not_configured_idx" on "sessions" ("app_id", "sid")
    where ("session" -> 'findings') @> '[{"code": "app_not_configured"}]'::jsonb;

create or replace view "reporting"."timeline" as
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
select v.sid, v.received_at, 'registration',
       case when v.replaces then 'registration_replaced' else 'registration_added' end,
       null, null, null, v.uid,
       jsonb_build_object('appId', v.app_id, 'resourceId', v.resource_id, 'mode', v.mode, 'cname', v.cname,
                          'startedAt', v.started_at, 'resourceExpiredHour', v.resource_expired_hour),
       v.received_at, 1
from public.registration_revisions v
union all
select a.sid, a.received_at, 'stop', 'stopped', null, null, null, null, null, a.received_at, 1
from public.stop_answers a;
