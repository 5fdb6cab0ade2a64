-- The slots of each account (and of each app that has a limit of its own): a fixed number of rows, as many
-- as the limit, each held from the moment a query leaves until a second after its answer. Only columns
-- that no index has are updated, and half of each page is left free, so that updates stay on their page.
create table "query_slots" (
    "scope" text not null,
    "slot" integer not null,
    "held_until" timestamptz(6) not null,
    "holder" uuid,
    "leased" boolean not null default false,
    constraint "query_slots_pkey" primary key ("scope", "slot")
) with (fillfactor = 50);

-- Which apps, and which accounts, Agora refuses.
alter table "query_pace"
    add column "refused_since" timestamptz(3),
    add column "refused_sid" text,
    add column "tried_at" timestamptz(3),
    add column "answered_beside" boolean not null default false;

alter table "query_schedule" add column "app_id" text;
update "query_schedule" set "app_id" = "sessions"."app_id"
    from "sessions" where "sessions"."sid" = "query_schedule"."sid";
