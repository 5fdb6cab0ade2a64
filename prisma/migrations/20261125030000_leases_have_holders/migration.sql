-- By whose key a slot is leased: one caller may not hold all that is leased. Null where callers cannot be
-- told apart, and in the rows of an older release.
alter table "query_slots" add column "leased_to" text;
