-- Most of what is learned of a session changes its facts and no column that an index is made of, but two
-- indexes asked the document itself: so every update of a session wrote to all six. What they asked stands
-- in columns of its own now, which change once or twice in a session's life. A trigger keeps them, so that an
-- older release, which knows nothing of them, can work beside.
-- Receiving writes to none of these tables: while the two small indexes are made, folding waits.
alter table "sessions"
    add column "had_gaps" boolean not null default false,
    add column "not_configured" boolean not null default false;

create function "flag_session"() returns trigger language plpgsql as $$
begin
    new."had_gaps" := coalesce((new."session" #> '{gaps}') <> '{"open": 0, "settled": 0, "settledByNotice": 0, "settledByQuery": 0}'::jsonb, false);
    new."not_configured" := coalesce((new."session" -> 'findings') @> '[{"code": "app_not_configured"}]'::jsonb, false);
    return new;
end $$;

create trigger "sessions_are_flagged" before insert or update on "sessions"
    for each row execute function "flag_session"();

-- Found by the old indexes; the trigger says what is set.
update "sessions" set "version" = "version"
where ("session" #> '{gaps}') <> '{"open": 0, "settled": 0, "settledByNotice": 0, "settledByQuery": 0}'::jsonb;
update "sessions" set "version" = "version"
where ("session" -> 'findings') @> '[{"code": "app_not_configured"}]'::jsonb;

drop index "sessions_with_gaps_idx";
drop index "sessions_not_configured_idx";
create index "sessions_had_gaps_idx" on "sessions" ("sid") where "had_gaps";
create index "sessions_not_configured_idx" on "sessions" ("app_id", "sid") where "not_configured";

-- Every version changes when it was made. An index that keeps the span of many pages follows that without an
-- entry for each row version, and from Postgres 16 on leaves the update in place.
drop index "sessions_updated_at_idx";
create index "sessions_updated_at_idx" on "sessions" using brin ("updated_at");

-- Room on a page for the next version of its rows: for pages that are filled from now on.
alter table "sessions" set (fillfactor = 70);
alter table "observations" set (fillfactor = 85);
alter table "session_files" set (fillfactor = 90);
alter table "session_alarms" set (fillfactor = 70);
alter table "query_schedule" set (fillfactor = 70);
alter table "counters" set (fillfactor = 50);
alter table "query_pace" set (fillfactor = 50);
alter table "query_usage" set (fillfactor = 70);
