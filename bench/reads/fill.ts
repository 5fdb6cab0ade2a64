import type { Client } from 'pg';
import { noticeKeyOf } from '../../src/agora/parse-notification.js';
import type { Db } from '../../src/db/connection/database.js';
import { recountSessions } from '../../src/db/sessions/session-counts.js';
import { DAY_MS } from '../../src/evidence/instant.js';
import { storeNotices } from '../../src/db/evidence/store-notices.js';
import { foldAll } from '../../src/ledger/fold-all.js';
import type { ScheduleRules } from '../../src/ledger/schedule-of.js';
import { foldContextOf } from '../bench-context.js';
import { snapshotRow } from '../bench-notices.js';
import { openBenchDatabase, type BenchServer } from '../bench-server.js';
import { copyIn, type Cell } from '../copy-in.js';
import { print } from '../print.js';
import { APPS, DAYS, LIVE_OF_THOUSAND, pick, selfOf } from './copies.js';
import { rowsOf, TABLES, type SessionRows, type TableName } from './session-rows.js';
import { LIVE_STORIES, STORIES } from './stories.js';
import { templateOf } from './template.js';

/** The session with a long timeline. */
export const LONG_SID = 'a'.repeat(32);
const LONG = 20_000;
const BLOCK = 2_000;
const BODIES = 2_000;

/**
 * A database with so many sessions of a month and about twenty notices of each, as the ledger itself would have
 * made them: each is a copy of one of a dozen that were folded out of their evidence.
 */
export async function fillDatabase(
  server: BenchServer,
  name: string,
  sessions: number,
  rules: ScheduleRules,
): Promise<Db> {
  const db = await openBenchDatabase(server, name);
  const client = (await db.pool.connect()) as unknown as Client & { release: () => void };
  const nowMs = Date.now();
  try {
    await client.query('set statement_timeout = 0; set synchronous_commit = off');
    await client.query(`select create_notice_partitions($1::date, $2)`, [
      new Date(nowMs - (DAYS + 1) * DAY_MS),
      DAYS + 2,
    ]);
    await dropIdentityIndexes(client);
    await fillSessions(client, sessions, nowMs, rules);
    await fillOthers(client, nowMs);
    await addIdentityIndexes(client);
  } finally {
    client.release();
  }
  await tellLong(db);
  await recountSessions(db.pool, 0);
  await db.pool.query('vacuum analyze');
  return db;
}

async function fillSessions(client: Client, sessions: number, nowMs: number, rules: ScheduleRules): Promise<void> {
  const over = STORIES.map((story) => templateOf(story, rules));
  const live = LIVE_STORIES.map((story) => templateOf(story, rules));
  const firstLive = Math.floor(sessions * (1 - LIVE_OF_THOUSAND / 1_000));
  for (let from = 0; from < sessions; from += BLOCK) {
    const block = Array.from({ length: Math.min(BLOCK, sessions - from) }, (_, n) => {
      const nth = from + n;
      return rowsOf(selfOf(nth, sessions, nowMs), pick(nth < firstLive ? over : live, nth), nth, rules);
    });
    await copyBlock(client, block);
    if ((from / BLOCK) % 25 === 24) print(`  ${(from + BLOCK).toLocaleString('en')} sessions`);
  }
}

/** Versions in the order in which they were made, as far as one block goes. */
async function copyBlock(client: Client, block: readonly SessionRows[]): Promise<void> {
  for (const table of Object.keys(TABLES) as TableName[]) {
    const rows = block.flatMap((one) => one[table]);
    if (table === 'changes') rows.sort((a, b) => Number(a[2]) - Number(b[2]));
    await copyIn(client, table, TABLES[table], rows);
  }
}

async function dropIdentityIndexes(client: Client): Promise<void> {
  await client.query(`alter table notice_identities drop constraint notice_identities_pkey`);
  await client.query(`drop index notice_identities_event_key_key`);
}

/** Made at once: twenty million keys that stand in no order are slow to add one by one. */
async function addIdentityIndexes(client: Client): Promise<void> {
  await client.query(`alter table notice_identities add constraint notice_identities_pkey primary key (notice_key)`);
  await client.query(`create unique index notice_identities_event_key_key on notice_identities (event_key)`);
}

async function fillOthers(client: Client, nowMs: number): Promise<void> {
  await copyIn(client, 'query_usage', ['account', 'minute', 'outcome', 'asked'], usage(nowMs));
  await copyIn(client, 'quarantined_bodies', ['app_id', 'digest', 'raw', 'reason', 'received_at'], bodies(nowMs));
  await client.query(
    `insert into counters (name, shard, value)
     select 'events', 0, count(*) from notices union all
     select 'deliveries', 0, (select count(*) from notices) + (select count(*) from repeated_deliveries) union all
     select 'quarantined', 0, count(*) from quarantined_bodies
     on conflict (name, shard) do update set value = excluded.value`,
  );
}

function* usage(nowMs: number): Generator<readonly Cell[]> {
  for (let ago = DAYS * 1_440; ago > 0; ago -= 1) {
    const minute = new Date(Math.floor(nowMs / 60_000 - ago) * 60_000);
    for (const [outcome, asked] of [
      ['answered', 400],
      ['not_found', 60],
      ['unavailable', 2],
    ] as const)
      yield ['account', minute, outcome, asked];
  }
}

function* bodies(nowMs: number): Generator<readonly Cell[]> {
  for (let n = 0; n < BODIES; n += 1) {
    const raw = Buffer.from(`{"noticeId":"${String(n)}","eventType":"?","note":"${'x'.repeat(400)}"}`).toString('hex');
    const digest = noticeKeyOf('quarantine', String(n));
    yield [APPS[0] ?? '', digest, `\\x${raw}`, 'eventType is no number', new Date(nowMs - (BODIES - n) * 60_000)];
  }
}

/** Told by notifications alone, of a snapshot each five seconds for a day. */
async function tellLong(db: Db): Promise<void> {
  const context = foldContextOf(db);
  for (let from = 0; from < LONG; from += 1_000) {
    const rows = Array.from({ length: 1_000 }, (_, n) => ({
      ...snapshotRow(LONG_SID, from + n),
      appId: APPS[0] ?? '',
    }));
    await storeNotices(db.pool, rows, 0);
    await foldAll(context);
  }
}
