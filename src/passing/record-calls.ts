import { setTimeout as wait } from 'node:timers/promises';
import { isDataError } from '../db/connection/postgres-errors.js';
import { dropOldCalls } from '../db/evidence/passed-calls.js';
import { endHolder } from '../db/schedule/slot-grants.js';
import type { FoldContext } from '../ledger/fold-context.js';
import { recordCall } from '../ledger/record-call.js';
import { rest } from '../timing/rest.js';
import type { JournalEntry } from './journal-entry.js';
import { dropLeft, readLeft, type JournalFolder } from './journal-folder.js';

export type RecordedCalls = {
  /** An entry is ready to be recorded. */
  wake: () => void;
  /** Records what is ready, as long as Postgres takes it, and ends. */
  close: () => Promise<void>;
};

export type RecordCallsOptions = {
  context: FoldContext;
  folder: JournalFolder;
  /** How long a call of a killed process may be on its way yet. */
  arriveWithinMs: number;
  events: {
    /** Postgres takes nothing; what waits stays in the journal. */
    notRecorded: (error: unknown) => void;
    /** Postgres refuses one entry for good. */
    refused: (error: unknown, sid: string) => void;
  };
};

const AGAIN_AFTER_MS = 500;
const LOOK_EVERY_MS = 5_000;
const TIDY_EVERY_MS = 3_600_000;
/**
 * Whoever calls waits for this process, and nobody waits for what is recorded. So where it has more to do than it can,
 * recording rests for this many times as long as an entry took.
 */
const [BUSY, REST] = [0.6, 3];
/** No journal is left for longer, and no start follows its acquire so late. */
const KEPT_DAYS = 30;

/**
 * Records what calls told, one after the other: what this process keeps, and what dead processes left in the
 * same folder. If it dies in between, the next one begins with the same entry, and that changes nothing.
 */
export function recordCalls({ context, folder, arriveWithinMs, events }: RecordCallsOptions): RecordedCalls {
  const { journal } = folder;
  const closing = new AbortController();
  const isClosing = (): boolean => closing.signal.aborted;
  let wake = (): void => undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let tidiedAt = performance.now();
  const record = async (entry: JournalEntry): Promise<void> => {
    await recordCall(context, entry).catch((error: unknown) => {
      if (!isDataError(error)) throw error;
      events.refused(error, 'sid' in entry.told ? entry.told.sid : '');
    });
  };
  const recordOwn = async (): Promise<void> => {
    for (let entry = journal.first(); entry !== null; entry = journal.first()) {
      const [begin, busyBefore] = [performance.now(), performance.eventLoopUtilization()];
      await record(entry);
      journal.done(entry.callId);
      const { utilization } = performance.eventLoopUtilization(busyBefore);
      if (utilization > BUSY) await rest((performance.now() - begin) * REST, closing.signal);
    }
  };
  const recordLeft = async (): Promise<void> => {
    for (const left of folder.left()) {
      await endHolder(context.db.pool, left.holder, arriveWithinMs);
      for (const entry of await readLeft(left)) await record(entry);
      await dropLeft(left);
    }
  };
  const tidy = async (): Promise<void> => {
    tidiedAt = performance.now();
    await dropOldCalls(context.db.pool, KEPT_DAYS);
  };
  const work = async (): Promise<void> => {
    if (performance.now() - lookedAt > LOOK_EVERY_MS) {
      await recordLeft();
      lookedAt = performance.now();
    }
    await recordOwn();
    if (performance.now() - tidiedAt > TIDY_EVERY_MS) await tidy();
  };
  const running = (async (): Promise<void> => {
    for (;;) {
      const isLast = isClosing();
      const woken = new Promise<void>((resolve) => (wake = resolve));
      const isDone = await work().then(
        () => true,
        (error: unknown) => {
          events.notRecorded(error);
          return false;
        },
      );
      if (isLast) return;
      if (isClosing()) continue;
      const pausing = new AbortController();
      const paused = wait(isDone ? LOOK_EVERY_MS : AGAIN_AFTER_MS, undefined, { signal: pausing.signal }).catch(
        () => undefined,
      );
      await Promise.race(isDone ? [woken, paused] : [paused]);
      pausing.abort();
    }
  })();
  return {
    wake: () => wake(),
    close: async () => {
      closing.abort();
      wake();
      await running;
    },
  };
}
