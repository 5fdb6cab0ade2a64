import { createCallClient } from '../agora/call-client.js';
import { createHostRotation } from '../agora/host-rotation.js';
import type { Account } from '../asking/account.js';
import type { Db } from '../db/connection/database.js';
import type { LedgerClock } from '../db/connection/ledger-clock.js';
import { pauseAccount, slowDown } from '../db/schedule/query-pace.js';
import { endHolder } from '../db/schedule/slot-grants.js';
import type { FoldContext } from '../ledger/fold-context.js';
import type { TellSparingly } from '../observability/log-sparingly.js';
import type { Metrics } from '../observability/metrics.js';
import { openAccountSlots } from './account-slots.js';
import { openDating } from './dating.js';
import { openJournalFolder } from './journal-folder.js';
import { passCall, type Call, type PassedAnswer } from './pass-call.js';
import { recordCalls } from './record-calls.js';

export type Passing = {
  pass: (call: Call) => Promise<PassedAnswer>;
  /** To be called when no more calls come. */
  close: () => Promise<void>;
};

export type PassingOptions = {
  context: FoldContext;
  /** Of its own, with short timeouts, so that no other work delays a call. */
  slotsDb: Db;
  clock: Pick<LedgerClock, 'measure'>;
  accounts: readonly Account[];
  baseUrls: readonly string[];
  maxWaitMs: number;
  /** How long a call may last. */
  timeoutMs: number;
  /** How long the network may hold a call that has left: see the timeout of queries. */
  arriveWithinMs: number;
  folder: string;
  journalMaxBytes: number;
  metrics: Metrics;
  events: { slots: TellSparingly; journal: TellSparingly; notKept: TellSparingly; notRecorded: TellSparingly };
};

/** After a 429 of Agora the ledger's own queries rest. */
const THROTTLED_PAUSE_MS = 1_000;
const WINDOW_MS = 1_000;

/** Opens all that passing calls on needs: slots, a journal, and what records it. */
export async function openPassing(options: PassingOptions): Promise<Passing> {
  const { context, slotsDb, accounts, baseUrls, maxWaitMs, timeoutMs, arriveWithinMs, metrics, events } = options;
  const dating = await openDating(options.clock, events.notRecorded);
  const folder = openJournalFolder(options.folder, options.journalMaxBytes, events.journal);
  const { holder, journal } = folder;
  const recorded = recordCalls({
    context,
    folder,
    arriveWithinMs: arriveWithinMs + WINDOW_MS,
    events: { notRecorded: events.notRecorded, refused: (error, sid) => events.notKept(error, { sid }) },
  });
  const slots = await openAccountSlots(accounts, { db: slotsDb, holder, onError: events.slots });
  const client = createCallClient(timeoutMs);
  const onAnswered = (account: string, call: Call['calls'], status: number): void => {
    metrics.callsPassed.inc({
      account,
      method: call?.kind ?? 'other',
      status: `${String(Math.floor(status / 100))}xx`,
    });
    if (status === 429) void restQueries(slotsDb, account).catch(events.slots);
  };
  const hosts = createHostRotation(baseUrls, () => performance.now());
  const sending = { client, hosts, baseUrls, slots, maxWaitMs, timeoutMs };
  const keeping = { journal, dating, onReady: recorded.wake, onAnswered, onNotKept: events.notKept };
  metrics.watchCalls(journal.entries);
  let onTheirWay = 0;
  return {
    pass: async (call) => {
      onTheirWay += 1;
      return passCall({ ...sending, ...keeping }, call).finally(() => (onTheirWay -= 1));
    },
    close: async () => {
      const stillArriveMs = onTheirWay > 0 ? arriveWithinMs + WINDOW_MS : WINDOW_MS;
      await client.close();
      await slots.close();
      await endHolder(slotsDb.pool, holder, stillArriveMs).catch(events.slots);
      await recorded.close();
      dating.close();
      await journal.close();
    },
  };
}

async function restQueries(db: Db, account: string): Promise<void> {
  await slowDown(db, account);
  await pauseAccount(db, account, THROTTLED_PAUSE_MS, 'throttled');
}
