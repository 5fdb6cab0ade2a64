import type { Logger } from 'pino';
import type { Db } from '../db/connection/database.js';
import { noteLastHeard } from '../db/evidence/last-heard.js';
import { addToCounters } from '../db/sessions/counters.js';
import { rejectedCounter } from '../db/sessions/read-summary.js';
import type { UnixMs } from '../evidence/instant.js';
import type { ArrivalKind, LastHeard, Rejection } from '../evidence/rejection.js';
import { logSparingly } from '../observability/log-sparingly.js';

const WRITE_EVERY_MS = 1_000;

export type DeliveryNotes = {
  onRejected: (rejection: Rejection) => void;
  onArrived: (kind: ArrivalKind, appId: string) => void;
  /** Resolves once what was noted is written, or could not be. */
  flush: () => Promise<void>;
};

/**
 * Counts what the receiver refuses, by reason, and notes when something of a kind last came: two writes a
 * second, however much comes or somebody sends. It is no evidence: a process that is killed forgets a
 * second of it.
 */
export function noteDeliveries(pool: Db['pool'], shard: number, now: () => UnixMs, log: Logger): DeliveryNotes {
  const amounts = new Map<string, number>();
  const heard = new Map<string, LastHeard>();
  const notWritten = logSparingly(log, 'warn', 'counter.not_written');
  let timer: NodeJS.Timeout | null = null;
  const flush = async (): Promise<void> => {
    const taken = [new Map(amounts), new Map(heard)] as const;
    amounts.clear();
    heard.clear();
    try {
      if (taken[1].size > 0) await noteLastHeard(pool, [...taken[1].values()]);
      taken[1].clear();
      if (taken[0].size > 0) await addToCounters(pool, taken[0], shard);
    } catch (error) {
      notWritten(error);
      for (const [name, amount] of taken[0]) amounts.set(name, amount + (amounts.get(name) ?? 0));
      for (const [key, one] of taken[1]) if (!heard.has(key)) heard.set(key, one);
    }
  };
  const flushSoon = (): void => {
    timer ??= setTimeout(() => {
      void flush().finally(() => {
        timer = null;
        if (amounts.size + heard.size > 0) flushSoon();
      });
    }, WRITE_EVERY_MS).unref();
  };
  const count = (name: string): void => void amounts.set(name, 1 + (amounts.get(name) ?? 0));
  return {
    onRejected: ({ reason, appId, advice }) => {
      count('rejected');
      count(rejectedCounter(reason));
      heard.set(`${reason} ${appId ?? ''}`, { kind: 'rejected', reason, appId, advice, atMs: now() });
      flushSoon();
    },
    onArrived: (kind, appId) => {
      heard.set(`${kind} ${appId}`, { kind, appId, atMs: now() });
      flushSoon();
    },
    flush,
  };
}
