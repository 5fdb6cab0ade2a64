-- One for each filter, in the order in which lists are read: of what fits, the newest come first. Text that
-- others choose is cut, for an entry of an index must fit into a third of a page.
-- Receiving writes to no session: while the indexes are made, folding waits.
create index "sessions_state_created_at_idx" on "sessions" ("state", "created_at" desc);
create index "sessions_outcome_created_at_idx" on "sessions" ("outcome", "created_at" desc);
create index "sessions_certainty_created_at_idx" on "sessions" ("certainty", "created_at" desc);
create index "sessions_mode_created_at_idx" on "sessions" ("mode", "created_at" desc);
create index "sessions_upload_created_at_idx" on "sessions" ("upload", "created_at" desc);
create index "sessions_service_status_created_at_idx" on "sessions" ("service_status", "created_at" desc);
create index "sessions_app_created_at_idx" on "sessions" (left("app_id", 200), "created_at" desc);
create index "sessions_cname_created_at_idx" on "sessions" (left("cname", 200) text_pattern_ops, "created_at" desc);
create index "sessions_uid_created_at_idx" on "sessions" (left("uid", 200), "created_at" desc);
create index "sessions_sid_start_idx" on "sessions" (left("sid", 300) text_pattern_ops);
create index "sessions_with_gaps_idx" on "sessions" ("created_at" desc) where "has_gaps";
create index "sessions_resource_id_idx" on "sessions" using hash ("resource_id");
create index "sessions_finding_codes_idx" on "sessions" using gin ("finding_codes");
create index "sessions_started_at_idx" on "sessions" ("started_at");
create index "sessions_ended_at_idx" on "sessions" ("ended_at");
create index "sessions_queryable_until_idx" on "sessions" ("queryable_until");
analyze "sessions";
