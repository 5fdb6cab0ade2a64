import { setTimeout as pause } from 'node:timers/promises';
import { closeDatabase, openDatabase, type Db } from '../../src/db/connection/database.js';
import type { NewVersion } from '../../src/db/sessions/changes.js';
import { readLastCursor } from '../../src/db/sessions/feed.js';
import { percentiles } from '../../src/simulator/score.js';
import { openBenchDatabase, withBenchServer } from '../bench-server.js';
import { defaultRules } from '../default-rules.js';
import { markdownTable, writeSection } from '../document-section.js';
import { print } from '../print.js';
import { STORIES } from '../reads/stories.js';
import { templateOf } from '../reads/template.js';
import { follow } from './followers.js';
import { write, WRITERS, type Writer } from './writers.js';

const AT_ONCE = [1, 2, 4, 8];
const BATCHES = [1, 10, 100, 300];
const SECONDS = 3;
const FOLLOWERS = 2;

type Row = { writer: Writer; batch: number; atOnce: number; perSecond: number; p50: number; p99: number };

/**
 * How many versions a second are published under the lock of the change feed: by so many writers, so many versions in
 * a transaction, each as large as a real one, and with readers that follow and look for holes. Seconds for each may
 * be given; `--write` renews docs/benchmarks.md.
 */
export async function feed(args: readonly string[]): Promise<void> {
  const seconds = Number(args.find((word) => /^\d/.test(word)) ?? SECONDS);
  const rows: Row[] = [];
  await withBenchServer(async (server) => {
    const made = await openBenchDatabase(server, 'feed');
    await closeDatabase(made);
    const url = new URL(server.url);
    url.pathname = '/feed';
    const db = openDatabase({
      url: url.href,
      maxConnections: Math.max(...AT_ONCE) + FOLLOWERS + 1,
      applicationName: 'bench',
      onIdleError: () => undefined,
    });
    try {
      const like = realVersion();
      print(`a version of ${String(JSON.stringify(like.stored.session).length)} bytes, ${String(seconds)} s each`);
      for (const batch of BATCHES)
        for (const atOnce of AT_ONCE)
          for (const writer of WRITERS) rows.push(await measure(db, like, { writer, batch, atOnce }, seconds));
    } finally {
      await closeDatabase(db);
    }
  });
  if (args.includes('--write')) writeSection('feed', tables(rows));
}

function realVersion(): NewVersion {
  const [story] = STORIES;
  const like = story === undefined ? undefined : templateOf(story, defaultRules()).versions.at(-1);
  if (like === undefined) throw new Error('no version to publish');
  return like;
}

type Contender = Pick<Row, 'writer' | 'batch' | 'atOnce'>;

async function measure(db: Db, like: NewVersion, contender: Contender, seconds: number): Promise<Row> {
  await db.pool.query('truncate changes, sessions');
  const from = String(await readLastCursor(db.pool));
  const [stop, done] = [{ isOver: false }, { isOver: false }];
  const followers = Array.from({ length: FOLLOWERS }, () => follow(db, from, done));
  const begin = performance.now();
  const writing = Array.from({ length: contender.atOnce }, () =>
    write(db, like, contender.writer, contender.batch, stop),
  );
  await pause(seconds * 1_000);
  stop.isOver = true;
  const tookMs = (await Promise.all(writing)).flat();
  const perSecond = (tookMs.length * contender.batch) / ((performance.now() - begin) / 1_000);
  done.isOver = true;
  for (const { read, versionsMissed } of await Promise.all(followers))
    if (versionsMissed > 0 || read !== tookMs.length * contender.batch) throw new Error('a reader missed a version');
  const { p50, p99 } = percentiles(tookMs);
  const row = { ...contender, perSecond, p50, p99 };
  print(`  ${lineOf(row).join('   ')}`);
  return row;
}

function lineOf({ writer, batch, atOnce, perSecond, p50, p99 }: Row): string[] {
  const [rate, ...times] = [Math.round(perSecond).toLocaleString('en'), p50.toFixed(1), p99.toFixed(1)];
  return [writer.name, String(batch), String(atOnce), rate, ...times];
}

function tables(rows: readonly Row[]): string {
  const columns = [
    ['transaction', 'left'],
    ['versions in it', 'right'],
    ['writers', 'right'],
    ['versions/s', 'right'],
    ['p50', 'right'],
    ['p99', 'right'],
  ] as const;
  return markdownTable(columns, rows.map(lineOf));
}
