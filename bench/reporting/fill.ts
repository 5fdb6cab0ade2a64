import type pg from 'pg';

/** How much there is for each session, as a recording of half an hour has it. */
const NOTICES_EACH = 20;

export type Filled = { sessions: number; notices: number };

/** A month of sessions that ends now, a day in each statement, so that none is too long and partitions are there. */
export async function fillMonth(pool: pg.Pool, sessions: number, said: (line: string) => void): Promise<Filled> {
  const days = 30;
  const each = Math.ceil(sessions / days);
  await pool.query(`select create_notice_partitions((now() at time zone 'UTC')::date - 30, 31)`);
  for (let day = days - 1; day >= 0; day -= 1) {
    const values = [day, each];
    await pool.query(SESSIONS, values);
    await pool.query(NOTICES, [...values, NOTICES_EACH]);
    await pool.query(FILES, values);
    if (day % 10 === 0) said(`  ${String(days - day)} of ${String(days)} days are filled`);
  }
  await pool.query(REST);
  await pool.query(USAGE);
  await pool.query(`insert into query_limits values ('main', now() - interval '40 days', 10)`);
  for (const table of ['sessions', 'notices', 'session_files', 'session_gaps', 'repeated_deliveries', 'query_usage'])
    await pool.query(`vacuum analyze ${table}`);
  return { sessions: each * days, notices: each * days * NOTICES_EACH };
}

/** The n-th session of a day, `$1` days ago: when it started and ended, and what became of it. */
const MADE = `
made as (
  select n, 'bench-' || $1::int || '-' || n as sid, n % 3 as app, n % 4 as kind, n % 100 as luck,
         now() - ($1::int + random()) * interval '1 day' as started_at, (10 + random() * 50) * interval '1 minute' as lasted
  from generate_series(1, $2::int) as n
)`;

const SESSIONS = `
with ${MADE}
insert into sessions (sid, app_id, mode, cname, state, outcome, certainty, has_gaps, started_at, created_at, updated_at, version, facts, session)
select sid, 'app-' || app, (array['mix','individual','web','raw'])[kind + 1], 'lesson-' || (n % 5000),
       case when luck < 2 then 'failed' else 'ended' end,
       case when luck = 0 then 'never_started' when luck = 1 then 'abnormal_exit' when luck = 2 then 'vanished' else 'completed' end,
       'confirmed', luck = 3, started_at, started_at, started_at + lasted, 9,
       jsonb_build_object('shape', 1, 'filler', repeat(md5(sid), 40)),
       jsonb_build_object(
         'sid', sid, 'resourceId', 'resource', 'uid', '900001',
         'recorderUids', case when luck = 4 then '["900001","900002"]'::jsonb else '["900001"]'::jsonb end,
         'startedAt', jsonb_build_object('atMs', (extract(epoch from started_at) * 1000)::bigint, 'source', 'notice'),
         'endedAt', jsonb_build_object('atMs', (extract(epoch from started_at + lasted) * 1000)::bigint, 'source', 'notice'),
         'endKnownMs', (extract(epoch from started_at + lasted) * 1000 + case when luck < 8 then 100000 else 300 end + random() * 2000)::bigint,
         'queryableUntilMs', (extract(epoch from started_at) * 1000)::bigint + 259200000,
         'serviceStatus', 8, 'services', '[]'::jsonb,
         'upload', jsonb_build_object('state', case when luck < 6 then 'unknown' else 'uploaded' end, 'progress', 1),
         'notices', '{"events":20,"deliveries":21,"duplicates":1,"outOfOrder":0}'::jsonb,
         'gaps', case when luck = 3 then '{"open":1,"settled":0,"settledByNotice":0,"settledByQuery":0}'::jsonb else '{"open":0,"settled":0,"settledByNotice":0,"settledByQuery":0}'::jsonb end,
         'observations', '{"count":3}'::jsonb,
         'findings', case when luck < 8 then jsonb_build_array(jsonb_build_object('code', 'exit_notice_lost', 'atMs', 0, 'message', 'It is over, and the exit notification never came.')) else '[]'::jsonb end)
from made`;

const NOTICES = `
insert into notices (sid, received_at, event_key, notice_id, app_id, product_id, event_type, service_type, uid, sequence, occurred_at, is_test, raw)
select s.sid, told.at + told.delay, gen_random_uuid(), s.sid || '-' || m, s.app_id, 3,
       case m when $3::int then 11 when 1 then 40 else 33 end, 1, '900001', m, told.at, false,
       '{"noticeId":"' || s.sid || '-' || m || '","productId":3,"eventType":33,"notifyMs":1,"payload":{"cname":"' || s.cname
         || '","uid":"900001","sid":"' || s.sid || '","sequence":' || m || ',"sendts":1,"serviceType":1,"details":{"msgName":"uploading_progress","progress":' || m * 500 || '}}}'
from sessions as s cross join generate_series(1, $3::int) as m
cross join lateral (select s.started_at + (s.updated_at - s.started_at) * m / $3::int as at,
                           case when random() < 0.01 then interval '20 s' else interval '1 ms' * (50 + 900 * random() ^ 3) end as delay) as told
where s.sid like 'bench-' || $1::int || '-%' and $2::int > 0`;

const FILES = `
insert into session_files (sid, name, kind, playable, first_seen_at, sources)
select s.sid, s.sid || '_' || f || '.m3u8', 'playlist', f = 1, s.updated_at, '{notice:31}'
from sessions as s cross join generate_series(1, 2) as f
where s.sid like 'bench-' || $1::int || '-%' and s.upload = 'uploaded' and $2::int > 0`;

const REST = `
with repeated as (
  insert into repeated_deliveries (sid, event_key, received_at)
  select n.sid, n.event_key, n.received_at + interval '1 s' from notices as n where n.sequence = 7
)
insert into session_gaps (sid, uid, first_missing, last_missing, revealed_at, settled_at, settled_by)
select s.sid, '900001', 3, 4, s.updated_at, s.updated_at,
       case hashtext(s.sid) % 3 when 0 then 'query' when 1 then 'notice' end
from sessions as s where s.has_gaps`;

const USAGE = `
insert into query_usage (account, minute, outcome, asked)
select 'main', minute, outcome, 1 + (random() * 300)::int
from generate_series(date_trunc('minute', now() - interval '30 days'), now(), interval '1 minute') as minute
cross join unnest('{answered,not_found,throttled}'::text[]) as outcome`;
