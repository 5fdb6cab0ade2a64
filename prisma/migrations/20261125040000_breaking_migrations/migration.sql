-- Which migrations break the releases that do not know them, and why. Such a migration writes itself down here
-- in its own SQL, so that it is on record whoever applies it; a release that finds one here that it does not
-- know refuses to start. All others leave what earlier releases read and write as it is.
create table "breaking_migrations" (
    "migration_name" text not null,
    "reason" text not null,
    constraint "breaking_migrations_pkey" primary key ("migration_name")
);
