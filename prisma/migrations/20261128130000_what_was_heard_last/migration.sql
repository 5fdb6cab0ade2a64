-- When something of a kind last came to the receiver, by app: it says why nothing arrives. Written once a
-- second by each receiver, so a row is updated in place. An empty app_id stands for none that is configured.
create table "last_heard" (
    "app_id" text not null,
    "kind" text not null,
    "at" timestamptz(3) not null,
    "advice" text,
    constraint "last_heard_pkey" primary key ("app_id", "kind")
) with (fillfactor = 50);

-- Since when an account is paused, beside why and until when.
alter table "query_pace" add column "paused_since" timestamptz(3);

-- What waits to be read by a better decoder, without what was taken in already.
create index "quarantined_bodies_waiting_idx" on "quarantined_bodies" ("id") where "replayed_at" is null;
