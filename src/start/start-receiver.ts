import path from 'node:path';
import { identityScopeOfApp } from '../config/accounts.js';
import type { Config } from '../config/parse-config.js';
import { openPool } from '../db/connection/database.js';
import type { Patience } from '../db/connection/own-session.js';
import { listen, type Listener } from '../http/listen.js';
import { createReceiver, type ReceiverOptions } from '../http/receiver/create-receiver.js';
import { openIntake, type OpenedIntake } from '../intake/open-intake.js';
import { logSparingly } from '../observability/log-sparingly.js';
import { rememberLedger } from './known-ledgers.js';
import { noteDeliveries } from './note-deliveries.js';
import type { Components } from './components.js';

/** One for storing, one for draining the spool, one spare. */
const CONNECTIONS = 3;
/** Agora waits 10 s for an answer, so what Postgres does not store within this time goes to the spool. */
const PATIENCE: Patience = { connectMs: 1_000, statementMs: 3_000, lockMs: 2_500 };

type IntakeParts = Pick<Components, 'config' | 'url' | 'log' | 'metrics' | 'traces'> & {
  ledgerId: string;
  shard: number;
  wakeFolding: () => void;
};

/**
 * Opens the intake with database connections of its own, so that no busy job delays notifications. The spool
 * belongs to this ledger: what was acknowledged for one must never be drained into another.
 */
export async function openReceiverIntake(components: IntakeParts): Promise<OpenedIntake> {
  const { config, url, ledgerId, shard, wakeFolding, log, metrics, traces } = components;
  const pool = openPool({
    url,
    maxConnections: CONNECTIONS,
    applicationName: 'recording-ledger intake',
    onIdleError: logSparingly(log, 'warn', 'postgres.connection_lost'),
    patience: PATIENCE,
  });
  if (config.databaseUrl !== null) await rememberLedger(config.spoolDir, url, ledgerId);
  const spoolDir = path.join(config.spoolDir, ledgerId);
  const { spoolMaxBytes } = config;
  return openIntake({ pool, spoolDir, spoolMaxBytes, shard, wakeFolding, log, metrics, traces });
}

/** Starts the public listener. Takes over the `existing` listener, if there is one. */
export async function startReceiver(components: Components, existing: Listener | null): Promise<Listener> {
  const { config, db, clock, log, metrics, traces, context, intake } = components;
  if (intake === null) throw new Error('a receiver has an intake');
  const { onRejected, onArrived, flush } = noteDeliveries(db.pool, context.shard, clock.now, log);
  const options = { intake, onRejected, onArrived, now: clock.now, log, metrics, traces };
  const listener = await listenForNotices(config, options, existing);
  const close = async (): Promise<void> => {
    await listener.close();
    await flush();
  };
  return { ...listener, close };
}

/** Listens on the configured address and passes notifications to the intake in `options`. */
export async function listenForNotices(
  { accounts, receiver }: Config,
  options: Omit<ReceiverOptions, 'apps' | 'maxBytes'>,
  existing: Listener | null,
): Promise<Listener> {
  const scopeOf = identityScopeOfApp(accounts);
  const apps = accounts.flatMap((account) =>
    account.apps.map(({ appId, ncsSecrets }) => ({
      appId,
      secrets: ncsSecrets,
      identityScope: scopeOf(appId),
    })),
  );
  const app = createReceiver({ ...options, apps, maxBytes: receiver.maxBytes });
  return listen(app, receiver.host, receiver.port, 'RECEIVER_PORT', existing);
}
