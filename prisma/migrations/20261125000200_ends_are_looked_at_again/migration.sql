-- What is known of a session has grown, and an end is looked at again. Sessions that live or ended lately are
-- read anew from their evidence; older ones stay as they are, for nothing can be asked about them any more.
insert into "pending_evidence" ("sid", "kind", "received_at")
select "sessions"."sid", 'replay', now() from "sessions"
where "sessions"."state" in ('registered', 'starting', 'recording', 'stopping')
   or "sessions"."updated_at" > now() - interval '4 days';
