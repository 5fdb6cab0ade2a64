-- Evidence ------------------------------------------------------------------------------------

create table "notice_identities" (
    "notice_key" uuid not null,
    "event_key" uuid not null,
    "received_at" timestamptz(3) not null,
    constraint "notice_identities_pkey" primary key ("notice_key")
);
create unique index "notice_identities_event_key_key" on "notice_identities" ("event_key");

-- Partitioned by the day of receipt, so that retention drops a table instead of deleting rows.
-- The partitions live in a schema of their own, out of the way of everyone who lists tables.
create schema "evidence_parts";

create table "notices" (
    "sid" text not null,
    "received_at" timestamptz(3) not null,
    "event_key" uuid not null,
    "notice_id" text,
    "app_id" text not null,
    "product_id" integer,
    "event_type" integer not null,
    "service_type" integer,
    "uid" text,
    "sequence" bigint,
    "occurred_at" timestamptz(3) not null,
    "is_test" boolean not null,
    "raw" text not null,
    constraint "notices_pkey" primary key ("sid", "received_at", "event_key")
) partition by range ("received_at");

-- Holds what falls outside the days made ahead, so that an insert never fails for want of a partition.
create table "evidence_parts"."notices_default" partition of "notices" default;

-- Makes the partitions of `days` days from `first` on. Two callers at once: the second finds them made.
create function "create_notice_partitions"("first" date, "days" integer) returns void language plpgsql as $$
declare
    "day" date;
begin
    perform pg_advisory_xact_lock(hashtext('recording-ledger notice partitions'));
    for "day" in select "first" + n from generate_series(0, "days" - 1) n loop
        if to_regclass('evidence_parts.notices_' || to_char("day", 'YYYYMMDD')) is null then
            begin
                execute format(
                    'create table evidence_parts.%I partition of notices for values from (%L) to (%L)',
                    'notices_' || to_char("day", 'YYYYMMDD'),
                    ("day"::text || ' 00:00:00+00'),
                    (("day" + 1)::text || ' 00:00:00+00'));
            -- Some of that day came before its partition was made, into the default one: the others follow.
            exception when check_violation then null;
            end;
        end if;
    end loop;
end $$;

create table "repeated_deliveries" (
    "id" bigserial not null,
    "sid" text not null,
    "event_key" uuid not null,
    "notice_id" text,
    "received_at" timestamptz(3) not null,
    constraint "repeated_deliveries_pkey" primary key ("id")
);
create index "repeated_deliveries_sid_idx" on "repeated_deliveries" ("sid");

create table "quarantined_bodies" (
    "id" bigserial not null,
    "app_id" text not null,
    "digest" uuid not null,
    "raw" bytea not null,
    "reason" text not null,
    "received_at" timestamptz(3) not null,
    "replayed_at" timestamptz(3),
    constraint "quarantined_bodies_pkey" primary key ("id")
);
create unique index "quarantined_bodies_app_id_digest_key" on "quarantined_bodies" ("app_id", "digest");

-- How far each receiver's spool on its own disk has been taken in.
create table "spool_positions" (
    "spool_id" uuid not null,
    "drained" bigint not null,
    constraint "spool_positions_pkey" primary key ("spool_id")
);

create table "registrations" (
    "sid" text not null,
    "app_id" text not null,
    "resource_id" text not null,
    "mode" text not null,
    "cname" text not null,
    "uid" text not null,
    "started_at" timestamptz(3),
    "resource_expired_hour" integer,
    "received_at" timestamptz(3) not null,
    constraint "registrations_pkey" primary key ("sid")
);

create table "stop_answers" (
    "sid" text not null,
    "digest" uuid not null,
    "raw" text not null,
    "received_at" timestamptz(3) not null,
    constraint "stop_answers_pkey" primary key ("sid", "digest")
);

create table "observations" (
    "id" bigserial not null,
    "sid" text not null,
    "asked_at" timestamptz(3) not null,
    "answered_at" timestamptz(3) not null,
    "last_asked_at" timestamptz(3) not null,
    "last_answered_at" timestamptz(3) not null,
    "count" integer not null default 1,
    "outcome" text not null,
    "status" integer,
    "http_status" integer,
    "retry_after_ms" integer,
    "failure" text,
    "body" text,
    "unbroken_since" timestamptz(3),
    constraint "observations_pkey" primary key ("id")
);
create index "observations_sid_asked_at_idx" on "observations" ("sid", "asked_at");

create table "pending_evidence" (
    "id" bigserial not null,
    "sid" text not null,
    "kind" text not null,
    "event_key" uuid,
    "received_at" timestamptz(3) not null,
    constraint "pending_evidence_pkey" primary key ("id")
);
create index "pending_evidence_sid_idx" on "pending_evidence" ("sid");

create table "session_alarms" (
    "sid" text not null,
    "due_at" timestamptz(3) not null,
    constraint "session_alarms_pkey" primary key ("sid")
);
create index "session_alarms_due_at_idx" on "session_alarms" ("due_at");

-- Sessions that could not be folded. Left alone until then, so that they hold up no others; null while
-- they wait to be folded like others again.
create table "set_aside_sessions" (
    "sid" text not null,
    "attempts" integer not null,
    "reason" text not null,
    "retry_at" timestamptz(3),
    constraint "set_aside_sessions_pkey" primary key ("sid")
);
create index "set_aside_sessions_retry_at_idx" on "set_aside_sessions" ("retry_at");

-- The ledger ----------------------------------------------------------------------------------

create table "sessions" (
    "sid" text not null,
    "app_id" text,
    "mode" text,
    "cname" text,
    "state" text not null,
    "outcome" text,
    "certainty" text not null,
    "has_gaps" boolean not null,
    "started_at" timestamptz(3),
    "created_at" timestamptz(3) not null,
    "updated_at" timestamptz(3) not null,
    "version" integer not null,
    "facts" jsonb not null,
    "session" jsonb not null,
    constraint "sessions_pkey" primary key ("sid"),
    constraint "sessions_state_check" check ("state" in ('registered', 'starting', 'recording', 'stopping', 'ended', 'failed')),
    constraint "sessions_outcome_check" check (("outcome" is not null) = ("state" in ('ended', 'failed')))
);
create index "sessions_created_at_sid_idx" on "sessions" ("created_at" desc, "sid" desc);
create index "sessions_updated_at_idx" on "sessions" ("updated_at");
create index "sessions_state_idx" on "sessions" ("state");
create index "sessions_cname_idx" on "sessions" using hash ("cname");

create table "session_files" (
    "sid" text not null,
    "name" text not null,
    "kind" text not null,
    "track_type" text,
    "uid" text,
    "mixed_all_user" boolean,
    "playable" boolean,
    "slice_started_at" timestamptz(3),
    "video_id" text,
    "first_seen_at" timestamptz(3) not null,
    "sources" text[] not null,
    constraint "session_files_pkey" primary key ("sid", "name")
);

create table "session_gaps" (
    "id" bigserial not null,
    "sid" text not null,
    "uid" text not null,
    "service_type" integer,
    "first_missing" bigint not null,
    "last_missing" bigint not null,
    "revealed_at" timestamptz(3) not null,
    "settled_at" timestamptz(3),
    "settled_by" text,
    constraint "session_gaps_pkey" primary key ("id")
);
create index "session_gaps_sid_idx" on "session_gaps" ("sid");

create table "changes" (
    "cursor" bigserial not null,
    "sid" text not null,
    "version" integer not null,
    "at" timestamptz(3) not null,
    "session" jsonb not null,
    constraint "changes_pkey" primary key ("cursor")
);
create unique index "changes_sid_version_key" on "changes" ("sid", "version");

-- The schedule --------------------------------------------------------------------------------

create table "query_schedule" (
    "sid" text not null,
    "account" text not null,
    "priority" smallint not null,
    "reason" text not null,
    "due_at" timestamptz(3) not null,
    "claimed_at" timestamptz(3),
    "asking" boolean not null default false,
    "requested_at" timestamptz(3),
    "last_verified_at" timestamptz(3),
    "live_since" timestamptz(3),
    "beat_due_at" timestamptz(3),
    "suspect_at" timestamptz(3),
    "turn_at" timestamptz(3),
    "proof_at" timestamptz(3),
    "waiting_since" timestamptz(3),
    constraint "query_schedule_pkey" primary key ("sid")
);
create index "query_schedule_account_priority_due_at_idx" on "query_schedule" ("account", "priority", "due_at");

create index "query_schedule_account_waiting_since_idx" on "query_schedule" ("account", "waiting_since");

-- Whose heartbeat is missed, by how long; and a sample of those whose is expected.
create index "query_schedule_suspect_idx" on "query_schedule" ("account", "suspect_at") where "suspect_at" is not null;
-- The same in the order in which they are asked while a receiver is dark and silence tells nothing.
create index "query_schedule_turn_idx" on "query_schedule" ("account", "turn_at") where "turn_at" is not null;
create index "query_schedule_proof_idx" on "query_schedule" ("account", "proof_at") where "proof_at" is not null;
create index "query_schedule_beats_idx" on "query_schedule" ("account", "sid") where "beat_due_at" is not null;

-- How many of an account's queries stand in the queue: a handful of rows, whatever the table's size.
create index "query_schedule_claimed_idx" on "query_schedule" ("account") where "claimed_at" is not null;

create table "query_pace" (
    "account" text not null,
    "next_slot_at" timestamptz(6) not null,
    "rate_factor" double precision not null default 1,
    "paused_until" timestamptz(3),
    "pause_reason" text,
    "unanswered_since" timestamptz(3),
    constraint "query_pace_pkey" primary key ("account")
);

create table "counters" (
    "name" text not null,
    "shard" smallint not null,
    "value" bigint not null,
    constraint "counters_pkey" primary key ("name", "shard")
);

create table "query_usage" (
    "account" text not null,
    "minute" timestamptz(3) not null,
    "outcome" text not null,
    "asked" integer not null,
    constraint "query_usage_pkey" primary key ("account", "minute", "outcome")
);

create index "sessions_with_gaps_idx" on "sessions" ("sid")
    where ("session" #> '{gaps}') <> '{"open": 0, "settled": 0, "settledByNotice": 0, "settledByQuery": 0}'::jsonb;

-- What the evidence that retention dropped amounts to: folding a session anew begins with it.
create table "archived_facts" (
    "sid" text not null,
    "facts" jsonb not null,
    "archived_at" timestamptz(3) not null,
    constraint "archived_facts_pkey" primary key ("sid")
);

-- Delivery counts of days whose notifications were dropped by retention.
create table "delivery_days" (
    "app_id" text not null,
    "day" date not null,
    "events" bigint not null,
    "deliveries" bigint not null,
    "late" bigint not null,
    constraint "delivery_days_pkey" primary key ("app_id", "day")
);

create table "ledger_identity" (
    "id" uuid not null default gen_random_uuid(),
    constraint "ledger_identity_pkey" primary key ("id")
);
insert into "ledger_identity" default values;
