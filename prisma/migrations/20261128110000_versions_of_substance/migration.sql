-- What a version says that the one before did not, and the evidence that led to it. Constants as defaults: no row
-- is written anew.
alter table "changes"
    add column "changed" text[] not null default '{}',
    add column "because" jsonb not null default '[]';

-- When a session was last saved: a version tells of that no more, for most of what is learned makes none.
alter table "sessions" add column "folded_at" timestamptz(3);

-- Which feed this is. `made_in` is the database that it was named in: one that was restored from a backup finds that
-- it is another one, and takes another name. `cut_at` is the highest cursor that retention has taken out, and
-- `looked_at` how far it has looked.
create table "feed" (
    "id" uuid not null,
    "made_in" text not null,
    "cut_at" bigint not null default 0,
    "looked_at" bigint not null default 0,
    constraint "feed_pkey" primary key ("id")
);

-- The cluster, its line of history, which forks where a backup is brought forward or a replica takes over, and the
-- database. Where the first two may not be read, the database alone.
create function "feed_place"() returns text language plpgsql stable as $$
begin
    return concat_ws('/',
        (select system_identifier from pg_control_system()),
        (select timeline_id from pg_control_checkpoint()),
        (select oid from pg_database where datname = current_database()));
exception when insufficient_privilege then
    return (select oid::text from pg_database where datname = current_database());
end $$;

insert into "feed" ("id", "made_in") values (gen_random_uuid(), "feed_place"());

-- How far each kind of retention has come that looks through a table slice by slice, and when it was last through.
create table "retention_progress" (
    "name" text not null,
    "position" bigint not null default 0,
    "through_at" timestamptz(3),
    constraint "retention_progress_pkey" primary key ("name")
);
