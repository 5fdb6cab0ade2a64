-- A slot that a process holds for calls that it passes on, for as long as it needs it and not for one query.
alter table "query_slots" add column "granted" boolean not null default false;

-- The processes that pass calls on, by account (or app with a limit of its own), and how many more slots each wants.
create table "slot_holders" (
    "scope" text not null,
    "holder" uuid not null,
    "wanted" integer not null,
    "held_until" timestamptz(6) not null,
    constraint "slot_holders_pkey" primary key ("scope", "holder")
);

-- What a passed-on start told beside the registration: the storage, and whether its answer was heard.
alter table "registrations" add column "start_call" jsonb;
alter table "registration_revisions" add column "start_call" jsonb;

-- Calls that were passed on and recorded: so each is recorded once.
create table "passed_calls" (
    "call_id" uuid not null,
    "sid" text not null,
    "method" text not null,
    "uid" text,
    "http_status" integer not null,
    "called_at" timestamptz(3) not null,
    "answered_at" timestamptz(3) not null,
    "recorded_at" timestamptz(3) not null default clock_timestamp(),
    constraint "passed_calls_pkey" primary key ("call_id")
);
create index "passed_calls_sid_answered_at_idx" on "passed_calls" ("sid", "answered_at");
create index "passed_calls_recorded_at_idx" on "passed_calls" ("recorded_at");

-- What acquire told of a resource, and which session was started with it: whichever is known first waits for the other.
create table "acquired_resources" (
    "app_id" text not null,
    "resource_id" text not null,
    "scene" integer,
    "resource_expired_hour" integer,
    "sid" text,
    "known_at" timestamptz(3) not null default clock_timestamp(),
    constraint "acquired_resources_pkey" primary key ("app_id", "resource_id")
);
create index "acquired_resources_known_at_idx" on "acquired_resources" ("known_at");
