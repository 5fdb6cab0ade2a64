-- Sessions with more evidence to fold than fits into one transaction. It is read from where it is kept, a
-- piece a transaction, up to the place that is written down here; the marks of what is still to be read are
-- gone. "facts" are what the pieces so far amount to where a session is read anew, null where they are added
-- to the session's own.
create table "piecewise_folds" (
    "sid" text not null,
    "facts" jsonb,
    "notices_until" timestamptz(3),
    "notices_key" uuid,
    "observed_until" timestamptz(3),
    "observed_id" bigint,
    "worked_at" timestamptz(6) not null,
    constraint "piecewise_folds_pkey" primary key ("sid")
);
