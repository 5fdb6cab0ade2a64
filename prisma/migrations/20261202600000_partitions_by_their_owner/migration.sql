-- A service may run as a role that owns nothing. What only an owner of the notices may do, it does through these:
-- make the partitions of the coming days, and take out and drop those of days that are over. Nobody else may.

alter function "create_notice_partitions"(date, integer) security definer set search_path = public, pg_temp;
revoke execute on function "create_notice_partitions"(date, integer) from public;

create function "detach_notice_partition"("name" text) returns void language plpgsql
security definer set search_path = public, pg_temp as $$
begin
    if "name" !~ '^notices_\d{8}$' then raise exception '% is no partition of a day', "name"; end if;
    execute format('alter table notices detach partition evidence_parts.%I', "name");
end $$;
revoke execute on function "detach_notice_partition"(text) from public;

create function "drop_detached_partition"("name" text) returns void language plpgsql
security definer set search_path = public, pg_temp as $$
begin
    if "name" !~ '^notices_\d{8}$' then raise exception '% is no partition of a day', "name"; end if;
    if exists (select from pg_inherits where inhrelid = format('evidence_parts.%I', "name")::regclass) then
        raise exception '% is still a part of the notices', "name";
    end if;
    execute format('drop table evidence_parts.%I', "name");
end $$;
revoke execute on function "drop_detached_partition"(text) from public;
