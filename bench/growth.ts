import { createHash, randomBytes } from 'node:crypto';
import { closeDatabase, type Db } from '../src/db/connection/database.js';
import { storeNotices, type NoticeRow } from '../src/db/evidence/store-notices.js';
import { foldAll } from '../src/ledger/fold-all.js';
import { foldContextOf } from './bench-context.js';
import { ALTERNATING, HALVED, IN_ORDER, snapshotRow, type Numbering } from './bench-notices.js';
import { median } from './child.js';
import { backlog } from './growth-backlog.js';
import { openBenchDatabase, withBenchServer } from './bench-server.js';
import { print } from './print.js';

const SESSION_SIZES = [20, 20_000];
const SHAPES: readonly (readonly [string, Numbering])[] = [
  ['a session of', IN_ORDER],
  ['two modules that share a count, alternating', ALTERNATING],
  ['a module of which every second number is missing', HALVED],
];
const TABLE_SIZES = [10_000, 10_000_000];
const MEASURED = 300;
const FILLED_AT_ONCE = 100_000;
const LARGEST_BACKLOG = 1_000_000;

type Contender = { size: number; db: Db; one: () => Promise<void>; tookMs: number[] };

/**
 * The time that storing and folding one more notice takes, in a session of 20 and of 20,000 notices
 * (a snapshot every 5 s for a day) whose numbers come in several shapes, and in a table of ten thousand
 * and of ten million. Then a backlog of one session, of a million notices or as many as given.
 */
export async function growth(args: readonly string[]): Promise<void> {
  await withBenchServer(async (server) => {
    const open: Db[] = [];
    const openOne = async (name: string): Promise<Db> => {
      const db = await openBenchDatabase(server, name);
      open.push(db);
      return db;
    };
    try {
      await compareShapes(openOne);
      await compareTables(openOne);
      await backlog(openOne, Number(args[0] ?? LARGEST_BACKLOG));
    } finally {
      for (const db of open) await closeDatabase(db);
    }
  });
}

async function compareShapes(openOne: (name: string) => Promise<Db>): Promise<void> {
  const db = await openOne('growth_sessions');
  for (const [what, numbering] of SHAPES) {
    const sessions: Contender[] = [];
    for (const size of SESSION_SIZES) sessions.push(await grownSession(db, size, what, numbering));
    await compare(what, sessions);
  }
}

async function compareTables(openOne: (name: string) => Promise<Db>): Promise<void> {
  const tables: Contender[] = [];
  for (const size of TABLE_SIZES) tables.push(await grownTable(await openOne(`growth_${String(size)}`), size));
  await compare('a table of', tables);
}

async function grownSession(db: Db, size: number, what: string, numbering: Numbering): Promise<Contender> {
  const sid = createHash('md5')
    .update(`${what} ${String(size)}`)
    .digest('hex');
  let n = 0;
  const next = (): NoticeRow => snapshotRow(sid, n++, numbering);
  const context = foldContextOf(db);
  for (let made = 0; made < size; made += 1_000) {
    const rows = Array.from({ length: Math.min(1_000, size - made) }, next);
    await storeNotices(db.pool, rows, 0);
    await foldAll(context);
  }
  return contender(db, size, next);
}

/** Other sessions' notices, all folded long ago, so that only the tables' size differs. */
async function grownTable(db: Db, size: number): Promise<Contender> {
  for (let from = 1; from <= size; from += FILLED_AT_ONCE) {
    await db.pool.query(FILL, [from, Math.min(from + FILLED_AT_ONCE - 1, size)]);
  }
  await db.pool.query('vacuum analyze notices');
  const sid = randomBytes(16).toString('hex');
  let n = 0;
  return contender(db, size, () => snapshotRow(sid, n++));
}

const FILL = `
with made as (
  select n, md5('session ' || n / 50) as sid, now() - interval '1 minute' as received_at, gen_random_uuid() as event_key
  from generate_series($1::int, $2::int) as n
), identities as (
  insert into notice_identities (notice_key, event_key, received_at)
  select gen_random_uuid(), made.event_key, made.received_at from made
)
insert into notices (sid, received_at, event_key, notice_id, app_id, product_id, event_type, uid, sequence, occurred_at, is_test, raw)
select made.sid, made.received_at, made.event_key, 'n' || made.n, 'bench', 3, 33, '1', made.n % 50, made.received_at, false,
       '{"noticeId":"n","productId":3,"eventType":33,"notifyMs":1,"payload":{"details":{"progress":1}}}'
from made`;

function contender(db: Db, size: number, next: () => NoticeRow): Contender {
  const context = foldContextOf(db);
  const one = async (): Promise<void> => {
    await storeNotices(db.pool, [next()], 0);
    await foldAll(context);
  };
  return { size, db, one, tookMs: [] };
}

async function compare(what: string, contenders: readonly Contender[]): Promise<void> {
  for (let n = 0; n < MEASURED; n += 1) {
    for (const { one, tookMs } of contenders) {
      const begin = performance.now();
      await one();
      tookMs.push(performance.now() - begin);
    }
  }
  for (const { size, tookMs } of contenders)
    print(
      `  ${what} ${size.toLocaleString('en').padStart(10)}   ${median(tookMs).toFixed(2)} ms a notice, stored and folded`,
    );
  const [small, large] = contenders.map(({ tookMs }) => median(tookMs));
  print(`  ratio ${((large ?? 0) / (small ?? 1)).toFixed(2)}`);
}
