import type { Db } from '../src/db/connection/database.js';
import { storeNotices } from '../src/db/evidence/store-notices.js';
import { foldAll } from '../src/ledger/fold-all.js';
import { foldContextOf } from './bench-context.js';
import { ALTERNATING, snapshotRow } from './bench-notices.js';
import { print } from './print.js';

const STORED_AT_ONCE = 5_000;
const LOOK_EVERY_MS = 50;
/** One of the others comes so often while the backlog is folded. */
const OTHERS_EVERY_MS = 250;
/** How much larger each backlog is than the one before. */
const STEP = 10;

type Looked = { rssBytes: number; lagMs: number };

/**
 * Waiting notices of one session, all folded from nothing, beside others that come meanwhile: the time a
 * notice takes, how long the others waited, the memory of the process that folds, and the longest time
 * in which it could do nothing else.
 */
export async function backlog(openOne: (name: string) => Promise<Db>, largest: number): Promise<void> {
  const db = await openOne('growth_backlog');
  for (const size of [largest / STEP ** 2, largest / STEP, largest]) {
    const sid = `backlog-${String(size)}`;
    for (let from = 0; from < size; from += STORED_AT_ONCE) {
      const rows = Array.from({ length: Math.min(STORED_AT_ONCE, size - from) }, (_, n) =>
        snapshotRow(sid, from + n, ALTERNATING),
      );
      await storeNotices(db.pool, rows, 0);
    }
    await foldBacklog(db, size, sid);
  }
}

async function foldBacklog(db: Db, size: number, sid: string): Promise<void> {
  const looking = startLooking();
  const before = process.memoryUsage().rss;
  const begin = performance.now();
  const folding = { now: true };
  const all = foldAll(foldContextOf(db)).finally(() => (folding.now = false));
  const waits = await foldOthersMeanwhile(db, sid, folding);
  await all;
  const seconds = (performance.now() - begin) / 1_000;
  const { rssBytes, lagMs } = looking.stop();
  print(
    `  a backlog of ${size.toLocaleString('en').padStart(10)}   ${((seconds * 1e6) / size).toFixed(0)} µs a notice, ${seconds.toFixed(1)} s; others waited at most ${Math.max(0, ...waits).toFixed(0)} ms (${String(waits.length)}); rss ${mib(before)} before, at most ${mib(rssBytes)}; longest without a breath ${lagMs.toFixed(0)} ms`,
  );
}

/** How long each of them waited from being stored to being folded, all by the one who folds the backlog. */
async function foldOthersMeanwhile(db: Db, sid: string, folding: { now: boolean }): Promise<number[]> {
  const waits: number[] = [];
  const isOn = (): boolean => folding.now;
  for (let n = 0; isOn(); n += 1) {
    const other = `beside ${sid} ${String(n)}`;
    await storeNotices(db.pool, [snapshotRow(other, 0)], 0);
    const stored = performance.now();
    while (isOn() && !(await isFolded(db, other))) await rest(5);
    if (isOn()) waits.push(performance.now() - stored);
    await rest(OTHERS_EVERY_MS);
  }
  return waits;
}

async function isFolded(db: Db, sid: string): Promise<boolean> {
  const { rowCount } = await db.pool.query(`select from sessions where sessions.sid = $1`, [sid]);
  return rowCount === 1;
}

function startLooking(): { stop: () => Looked } {
  const looked: Looked = { rssBytes: 0, lagMs: 0 };
  let last = performance.now();
  const look = (): void => {
    const now = performance.now();
    looked.rssBytes = Math.max(looked.rssBytes, process.memoryUsage().rss);
    looked.lagMs = Math.max(looked.lagMs, now - last - LOOK_EVERY_MS);
    last = now;
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    stop: () => {
      look();
      clearInterval(timer);
      return looked;
    },
  };
}

async function rest(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

function mib(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(0)} MiB`;
}
