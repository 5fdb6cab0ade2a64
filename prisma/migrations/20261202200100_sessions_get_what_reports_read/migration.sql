-- without transaction: it writes every row of a table that others write to, a thousand at a time.
do $$
declare
    last text := '';
    reached text;
begin
    loop
        select max(sid) into reached
        from (select s.sid from sessions s where s.sid > last order by s.sid limit 1000) as batch;
        exit when reached is null;
        -- The trigger says what is set.
        update sessions set version = version where sid > last and sid <= reached and failovers is null;
        commit;
        last := reached;
    end loop;
end $$;
