-- How far endpoints are behind is read every few seconds: the log of what was delivered is not read for that.
create index "webhook_deliveries_undelivered_idx" on "webhook_deliveries" ("endpoint_id", "state", "cursor")
    where "state" in ('waiting', 'parked');
