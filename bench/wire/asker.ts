import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { createQueryClient, type QueryClient } from '../../src/agora/query-client.js';
import { closeDatabase, openDatabase, type Db } from '../../src/db/connection/database.js';
import { unixMs } from '../../src/evidence/instant.js';
import type { Account } from '../../src/asking/account.js';
import { createGate, type Gate } from '../../src/asking/gate.js';
import { heldAfterMs } from '../../src/asking/slot-times.js';
import { waitForSlot, type HeldSlot, type SlotContext } from '../../src/asking/wait-for-slot.js';

/** What one process of the service has for asking: connections, a client with its breakers, a gate. */
export type Asker = {
  /** Asks without end, always about another session, with so many workers; resolves once stopped. */
  run: (workers: number) => Promise<void>;
  /** Queries that left, so far. */
  left: () => number;
  stop: () => void;
  close: () => Promise<void>;
};

export type AskerOptions = {
  url: string;
  baseUrl: string;
  account: Account;
  queryTimeoutMs: number;
};

const PATIENCE_MS = 5_000;
/** After being told that nothing can be asked. */
const REST_MS = 50;

/** The service's own way of asking, but for what it does with the answers. */
export function openAsker({ url, baseUrl, account, queryTimeoutMs }: AskerOptions): Asker {
  const db = openDatabase({ url, maxConnections: 4, applicationName: 'asker', onIdleError: () => undefined });
  const now = (): ReturnType<typeof unixMs> => unixMs(Date.now());
  const client = createQueryClient({ baseUrls: [baseUrl], timeoutMs: queryTimeoutMs, now });
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal); // every worker listens
  const context: SlotContext = {
    db,
    client,
    queryTimeoutMs,
    stopping: stopping.signal,
    errorEvents: { slotNotReleased: () => undefined },
  };
  const gate = createGate();
  const counts = { left: 0 };
  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const sid = randomUUID();
      const slot = await turn(context, gate, account, sid);
      if (slot === null) await wait(REST_MS);
      else counts.left += (await askAbout(context, account, sid, slot)) ? 1 : 0;
    }
  };
  return {
    run: async (workers) => {
      await Promise.all(Array.from({ length: workers }, work));
    },
    left: () => counts.left,
    stop: () => stopping.abort(),
    close: () => closeBoth(client, db),
  };
}

async function closeBoth(client: QueryClient, db: Db): Promise<void> {
  await client.close();
  await closeDatabase(db);
}

async function turn(context: SlotContext, gate: Gate, account: Account, sid: string): Promise<HeldSlot | null> {
  const entry = await gate.enter(PATIENCE_MS, context.stopping);
  if (entry === 'late') return null;
  try {
    const waited = await waitForSlot(context, account, { sid, appId: 'wire' }, performance.now() + PATIENCE_MS);
    return waited.kind === 'held' ? waited : null;
  } finally {
    entry.leave();
  }
}

async function askAbout(
  { client, queryTimeoutMs }: SlotContext,
  { customerId, customerSecret }: Account,
  sid: string,
  { permit, leaveBy, release }: HeldSlot,
): Promise<boolean> {
  const target = { customerId, customerSecret, appId: 'wire', resourceId: 'r', sid, mode: 'mix' };
  const answer = await client.query(target, permit, leaveBy);
  const end = answer === 'too_late' ? 'never_left' : answer.wire;
  await release(heldAfterMs(end, queryTimeoutMs));
  return end !== 'never_left';
}
