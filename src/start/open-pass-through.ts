import path from 'node:path';
import type { Config } from '../config/parse-config.js';
import { closeDatabase, openDatabase, readLedgerId } from '../db/connection/database.js';
import type { Patience } from '../db/connection/own-session.js';
import type { AppAccount } from '../http/pass-through/authorize-call.js';
import type { PassThroughContext } from '../http/pass-through/create-pass-through.js';
import { logSparingly } from '../observability/log-sparingly.js';
import { openPassing } from '../passing/open-passing.js';
import type { Components } from './components.js';

/** How long a passed-on call may last: Agora's `start` and `stop` wait for others. */
const CALL_TIMEOUT_MS = 60_000;
const CONNECTIONS = 2;
/** Calls wait for what is asked here. */
const PATIENCE: Patience = { connectMs: 1_000, statementMs: 3_000, lockMs: 2_000 };

/** What serving Agora's API needs, with slots and a journal of its own; null where it is switched off. */
export async function openPassThrough(
  components: Components,
): Promise<(PassThroughContext & { close: () => Promise<void> }) | null> {
  const { config, url, db, clock, log, metrics, context } = components;
  if (config.passThrough === null) return null;
  const slotsDb = openDatabase({
    url,
    maxConnections: CONNECTIONS,
    applicationName: 'recording-ledger calls',
    onIdleError: logSparingly(log, 'warn', 'postgres.connection_lost'),
    patience: PATIENCE,
  });
  const passing = await openPassing({
    context,
    slotsDb,
    clock,
    accounts: [...context.accounts.values()],
    baseUrls: config.baseUrls,
    maxWaitMs: config.passThrough.maxWaitMs,
    timeoutMs: CALL_TIMEOUT_MS,
    arriveWithinMs: config.queryTimeoutMs,
    folder: path.join(config.spoolDir, 'calls', await readLedgerId(db.pool)),
    journalMaxBytes: config.spoolMaxBytes,
    metrics,
    events: {
      slots: logSparingly(log, 'warn', 'calls.slots_not_asked_for'),
      journal: logSparingly(log, 'error', 'calls.journal_failed'),
      notKept: logSparingly(log, 'error', 'calls.not_kept'),
      notRecorded: logSparingly(log, 'warn', 'calls.not_recorded'),
    },
  });
  const close = async (): Promise<void> => {
    await passing.close();
    await closeDatabase(slotsDb);
  };
  return { pass: passing.pass, accountOf: accountOfApps(config), metrics, close };
}

function accountOfApps({ accounts }: Config): ReadonlyMap<string, AppAccount> {
  return new Map(
    accounts.flatMap(({ name: account, customerId, customerSecret, apps }) =>
      apps.map(({ appId }) => [appId, { account, customerId, customerSecret }] as const),
    ),
  );
}
