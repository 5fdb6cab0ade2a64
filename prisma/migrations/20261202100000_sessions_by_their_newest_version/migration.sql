-- Lists of sessions with the newest version first are read in this order, whatever else they are filtered by: before,
-- the change feed was read backwards, and of each session one version in ten stood in the list. Only what makes a new
-- version writes to it. The window in which Agora can be asked stands beside, so that lists of sessions about which it
-- cannot be asked pass by those about which it can without reading them.
-- Receiving writes to no session: while the indexes are made, folding waits.
create index "sessions_updated_at_sid_until_idx" on "sessions" ("updated_at" desc, "sid" desc, "queryable_until");
create index "sessions_created_at_sid_until_idx" on "sessions" ("created_at" desc, "sid" desc, "queryable_until");
create index "sessions_never_queryable_idx" on "sessions" ("created_at" desc, "sid" desc) where "queryable_until" is null;

-- Of a period the newest are looked for among all that began, or ended, in it: in these two the order of the list stands
-- beside.
create index "sessions_started_at_created_at_idx" on "sessions" ("started_at", "created_at", "sid");
create index "sessions_ended_at_created_at_idx" on "sessions" ("ended_at", "created_at", "sid");

-- Minutes are counted one after the other, so the span of every few pages says where a period is.
create index "query_usage_minute_idx" on "query_usage" using brin ("minute") with (autosummarize = on);
