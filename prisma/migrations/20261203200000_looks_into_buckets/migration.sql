-- How a file lies in a bucket, as the newest look that found it saw it; null where none did.
alter table "session_files" add column "stored" jsonb;

-- What looks into buckets showed.
create table "bucket_looks" (
    "sid" text not null,
    "bucket" text not null,
    "asked_at" timestamptz(3) not null,
    "answered_at" timestamptz(3) not null,
    "folders" text[],
    "outcome" jsonb not null,
    constraint "bucket_looks_pkey" primary key ("sid", "bucket", "asked_at")
);
create index "bucket_looks_answered_at_idx" on "bucket_looks" ("answered_at");

-- The next look for each session that needs one.
create table "bucket_checks" (
    "sid" text not null,
    "look_class" text,
    "due_at" timestamptz(3),
    "asked_at" timestamptz(3),
    "turn_at" timestamptz(3) not null,
    constraint "bucket_checks_pkey" primary key ("sid")
);
create index "bucket_checks_turn_at_idx" on "bucket_checks" ("turn_at");

-- The pace of requests to each bucket, shared by all processes, and how many were sent.
create table "bucket_paces" (
    "bucket" text not null,
    "next_slot_at" timestamptz(6) not null,
    "lists" bigint not null default 0,
    "gets" bigint not null default 0,
    "answered_at" timestamptz(3),
    "refused_since" timestamptz(3),
    "refused_at" timestamptz(3),
    "refusal" text,
    constraint "bucket_paces_pkey" primary key ("bucket")
);
