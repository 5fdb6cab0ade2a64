import { dropLooks } from '../db/evidence/bucket-looks.js';
import { dropIdentities } from '../db/evidence/drop-identities.js';
import { dropObservations, type DroppedSlice } from '../db/evidence/drop-observations.js';
import { dropQuarantined } from '../db/evidence/quarantine.js';
import { dropNoticesBefore } from '../db/evidence/retention.js';
import { readProgress, saveProgress } from '../db/evidence/retention-progress.js';
import { dropUsage } from '../db/schedule/query-usage.js';
import { cutFeed } from '../db/sessions/cut-feed.js';
import { DAY_MS, plusMs, type UnixMs } from '../evidence/instant.js';
import type { FoldContext } from './fold-context.js';

/** For how many days each kind is kept; 0 keeps it for ever. */
export type RetentionDays = {
  /** Raw notices and observations of sessions that are over. */
  evidence: number;
  changes: number;
  /** At least as long as `evidence`: while a body is there, a repetition of it must be recognized. */
  identities: number;
  quarantine: number;
  usage: number;
};

export type DroppedRows = {
  days: number;
  sessions: number;
  notices: number;
  observations: number;
  looks: number;
  changes: number;
  identities: number;
  quarantined: number;
  usage: number;
};

/** Each kind works no longer than this at a time, because the sweep waits behind it. The next tick goes on. */
const WORK_FOR_MS = 1_000;
const BATCH = 5_000;

/** Drops what is older than it has to be kept. If it is stopped or dies on the way, the next run goes on. */
export async function applyRetention(
  context: Pick<FoldContext, 'db' | 'now' | 'stopping'>,
  days: RetentionDays,
  onDropped: (dropped: DroppedRows) => void,
): Promise<void> {
  const { db, now } = context;
  const before = (kept: number): UnixMs | null => (kept === 0 ? null : plusMs(now(), -kept * DAY_MS));
  const evidence = before(days.evidence);
  const [changes, quarantine, usage] = [before(days.changes), before(days.quarantine), before(days.usage)];
  const identities =
    evidence === null || days.identities === 0 ? null : before(Math.max(days.identities, days.evidence));
  const notices = evidence === null ? null : await dropNoticesBefore(db, evidence, now());
  const dropped = {
    days: notices?.days ?? 0,
    sessions: notices?.sessions ?? 0,
    notices: notices?.notices ?? 0,
    observations: await throughSlices(context, 'observations', evidence, (position, beforeMs) =>
      dropObservations(db, position, beforeMs, now()),
    ),
    looks: await whileMore(context, evidence, async (beforeMs) => full(await dropLooks(db.pool, beforeMs, BATCH))),
    identities: await throughSlices(context, 'identities', identities, (position, beforeMs) =>
      dropIdentities(db, position, beforeMs),
    ),
    changes: await whileMore(context, changes, (beforeMs) => cutFeed(db.pool, beforeMs)),
    quarantined: await whileMore(context, quarantine, async (beforeMs) =>
      full(await dropQuarantined(db.pool, beforeMs, BATCH)),
    ),
    usage: await whileMore(context, usage, async (beforeMs) => full(await dropUsage(db.pool, beforeMs, BATCH))),
  };
  if (Object.values(dropped).some((n) => n > 0)) onDropped(dropped);
}

type Slice = { dropped: number; more: boolean };

function full(dropped: number): Slice {
  return { dropped, more: dropped === BATCH };
}

async function whileMore(
  { stopping }: Pick<FoldContext, 'stopping'>,
  beforeMs: UnixMs | null,
  work: (beforeMs: UnixMs) => Promise<Slice>,
): Promise<number> {
  if (beforeMs === null) return 0;
  const begin = performance.now();
  for (let sum = 0; ;) {
    const { dropped, more } = await work(beforeMs);
    sum += dropped;
    if (!more || stopping.aborted || performance.now() - begin >= WORK_FOR_MS) return sum;
  }
}

/** One pass through a table a day, some slices at a time. */
async function throughSlices(
  context: Pick<FoldContext, 'db' | 'now' | 'stopping'>,
  name: string,
  before: UnixMs | null,
  drop: (position: string, beforeMs: UnixMs) => Promise<DroppedSlice>,
): Promise<number> {
  const { pool } = context.db;
  const progress = await readProgress(pool, name);
  const isDone = progress.throughMs !== null && plusMs(progress.throughMs, DAY_MS) > context.now();
  if (before === null || (isDone && progress.position === '0')) return 0;
  let { position } = progress;
  return whileMore(context, before, async (beforeMs) => {
    const { dropped, next } = await drop(position, beforeMs);
    position = next ?? '0';
    await saveProgress(pool, name, { position, throughMs: next === null ? context.now() : progress.throughMs });
    return { dropped, more: next !== null };
  });
}
