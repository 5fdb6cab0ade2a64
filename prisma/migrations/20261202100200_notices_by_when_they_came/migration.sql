-- without transaction: each partition is done in a moment of its own, and only that of today is written to.
-- A notification is found by its id through the moment of its receipt: rows stand in that order, so it is enough to
-- know the span of every few pages.
do $$
declare
    part regclass;
    made text;
begin
    create index if not exists "notices_received_at_idx" on only "notices" using brin ("received_at")
        with (pages_per_range = 16, autosummarize = on);
    commit;
    for part in
        select inhrelid::regclass from pg_inherits where inhparent = 'public.notices'::regclass
    loop
        made := (select relname from pg_class where oid = part) || '_received_at_idx';
        if to_regclass(format('evidence_parts.%I', made)) is null then
            execute format('create index %I on %s using brin ("received_at") with (pages_per_range = 16, autosummarize = on)', made, part);
        end if;
        if not exists (
            select from pg_inherits where inhparent = 'public.notices_received_at_idx'::regclass
            and inhrelid = to_regclass(format('evidence_parts.%I', made))
        ) then
            execute format('alter index public.notices_received_at_idx attach partition evidence_parts.%I', made);
        end if;
        commit;
    end loop;
end $$;
