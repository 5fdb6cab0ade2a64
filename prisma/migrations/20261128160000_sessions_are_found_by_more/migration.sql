-- What lists of sessions are filtered by stands in columns of its own: an index that asked the document would be
-- written to by every update of it. A trigger keeps them, so that an older release, which knows nothing of them,
-- can work beside. Rows that are there already get theirs in the next migration.
alter table "sessions"
    add column "uid" text,
    add column "resource_id" text,
    add column "upload" text,
    add column "service_status" integer,
    add column "ended_at" timestamptz(3),
    add column "queryable_until" timestamptz(3),
    add column "finding_codes" text[];

create function "file_session"() returns trigger language plpgsql as $$
declare
    ended jsonb := new."session" -> 'endedAt';
begin
    new."uid" := new."session" ->> 'uid';
    new."resource_id" := new."session" ->> 'resourceId';
    new."upload" := new."session" #>> '{upload,state}';
    new."service_status" := (new."session" ->> 'serviceStatus')::numeric::integer;
    -- The latest moment that it can have ended at.
    new."ended_at" := to_timestamp(coalesce((ended ->> 'atMs')::numeric, (ended ->> 'notAfterMs')::numeric, (ended ->> 'notBeforeMs')::numeric) / 1000.0);
    new."queryable_until" := to_timestamp((new."session" ->> 'queryableUntilMs')::numeric / 1000.0);
    new."finding_codes" := array(
        select distinct finding ->> 'code'
        from jsonb_array_elements(coalesce(new."session" -> 'findings', '[]'::jsonb)) as finding
        order by 1
    );
    return new;
end $$;

create trigger "sessions_are_filed" before insert or update on "sessions"
    for each row execute function "file_session"();
