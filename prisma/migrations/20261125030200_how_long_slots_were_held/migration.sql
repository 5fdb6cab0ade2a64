-- How long queries hold their slots, which says how many a second the slots allow. No index has these.
alter table "query_slots"
    add column "taken_at" timestamptz(6),
    add column "lasted_ms" double precision;
