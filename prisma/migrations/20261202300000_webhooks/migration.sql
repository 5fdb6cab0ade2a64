-- Outgoing webhooks. What waits is a place in the change feed; rows are kept of what went wrong, and a bounded log.

create table "webhook_endpoints" (
    "id" text not null,
    "url" text not null,
    "description" text,
    "types" text[] not null default '{}',
    "app_ids" text[] not null default '{}',
    "secret" text not null,
    "old_secret" text,
    "old_secret_until" timestamptz(3),
    "state" text not null default 'active' check ("state" in ('active', 'paused')),
    "paused_because" text check ("paused_because" in ('asked', 'gone')),
    "cursor" bigint,
    "revision" integer not null default 1,
    "holder" bigint,
    "rest_until" timestamptz(3),
    "failing_since" timestamptz(3),
    "failing_told" boolean not null default false,
    "delivered_at" timestamptz(3),
    "problem" text,
    "created_at" timestamptz(3) not null,
    "updated_at" timestamptz(3) not null,
    constraint "webhook_endpoints_pkey" primary key ("id"),
    -- While it is paused, its place in the feed is held.
    check ("state" = 'active' or "cursor" is not null)
);
-- Those that have something to do: of thousands that are up to date the index holds none.
create index "webhook_endpoints_behind_idx" on "webhook_endpoints" ("id") where "cursor" is not null and "state" = 'active';
create index "webhook_endpoints_holder_idx" on "webhook_endpoints" ("holder") where "holder" is not null;

create table "webhook_deliveries" (
    "endpoint_id" text not null,
    "id" text not null,
    "type" text not null,
    "sid" text,
    "cursor" bigint,
    "version" integer,
    "state" text not null check ("state" in ('delivered', 'waiting', 'parked')),
    "tries" integer not null,
    "last_status" integer,
    "last_error" text,
    "next_try_at" timestamptz(3),
    "resume_after" bigint,
    "body" text,
    "attempts" jsonb not null default '[]',
    "at" timestamptz(3) not null,
    constraint "webhook_deliveries_pkey" primary key ("endpoint_id", "id"),
    constraint "webhook_deliveries_endpoint_id_fkey" foreign key ("endpoint_id")
        references "webhook_endpoints" ("id") on delete cascade on update cascade
);
create index "webhook_deliveries_endpoint_id_state_at_id_idx"
    on "webhook_deliveries" ("endpoint_id", "state", "at" desc, "id" desc);
create index "webhook_deliveries_due_idx" on "webhook_deliveries" ("next_try_at") where "state" = 'waiting';

-- One row: up to where the feed was looked through for endpoints that are up to date; how often endpoints were
-- changed; and of which key the secrets are.
create table "webhook_state" (
    "id" integer not null default 1 check ("id" = 1),
    "position" bigint not null,
    "revision" bigint not null default 0,
    "key_fingerprint" text,
    constraint "webhook_state_pkey" primary key ("id")
);
insert into "webhook_state" ("position") select coalesce(max("cursor"), 0) from "changes";
