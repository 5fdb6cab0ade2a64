import path from 'node:path';
import type { Logger } from 'pino';
import { identityScopeOfApp } from '../config/accounts.js';
import type { Config } from '../config/parse-config.js';
import { addToCounter } from '../db/sessions/counters.js';
import { openPool, type Db, type Patience } from '../db/connection/database.js';
import { listen, type Listener } from '../http/listen.js';
import { createReceiver, type ReceiverOptions } from '../http/receiver/create-receiver.js';
import { openIntake, type OpenedIntake } from '../intake/open-intake.js';
import { logSparingly } from '../observability/log-sparingly.js';
import { rememberLedger } from './known-ledgers.js';
import type { Components } from './components.js';

/** One for storing, one for draining the spool, one spare. */
const CONNECTIONS = 3;
/** Agora waits 10 s for an answer, so what Postgres does not store within this time goes to the spool. */
const PATIENCE: Patience = { connectMs: 1_000, statementMs: 3_000 };

type IntakeParts = Pick<Components, 'config' | 'url' | 'log' | 'metrics'> & {
  ledgerId: string;
  shard: number;
  wakeFolding: () => void;
};

/**
 * Opens the intake with database connections of its own, so that no busy job delays notifications. The spool
 * belongs to this ledger: what was acknowledged for one must never be drained into another.
 */
export async function openReceiverIntake(components: IntakeParts): Promise<OpenedIntake> {
  const { config, url, ledgerId, shard, wakeFolding, log, metrics } = components;
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
  return openIntake({ pool, spoolDir, spoolMaxBytes, shard, wakeFolding, log, metrics });
}

/** Starts the public listener. Takes over the `existing` listener, if there is one. */
export async function startReceiver(components: Components, existing: Listener | null): Promise<Listener> {
  const { config, db, clock, log, metrics, context, intake } = components;
  if (intake === null) throw new Error('a receiver has an intake');
  const rejections = countRejections(db, context.shard, log);
  const listener = await listenForNotices(
    config,
    { intake, onRejected: rejections.count, now: clock.now, log, metrics },
    existing,
  );
  const close = async (): Promise<void> => {
    await listener.close();
    await rejections.flush();
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

const COUNT_EVERY_MS = 1_000;

type Rejections = {
  count: () => void;
  /** Resolves once the count is written or the write has failed. */
  flush: () => Promise<void>;
};

/**
 * Counts refused notifications in memory and writes the count once a second, so that a flood of them costs
 * one write a second.
 */
function countRejections(db: Db, shard: number, log: Logger): Rejections {
  let rejected = 0;
  let timer: NodeJS.Timeout | null = null;
  const notWritten = logSparingly(log, 'warn', 'counter.not_written');
  const flush = async (): Promise<void> => {
    const amount = rejected;
    rejected = 0;
    if (amount === 0) return;
    await addToCounter(db.pool, 'rejected', amount, shard).catch((error: unknown) => {
      notWritten(error);
      rejected += amount;
    });
  };
  const flushSoon = (): void => {
    timer ??= setTimeout(() => {
      void flush().finally(() => {
        timer = null;
        if (rejected > 0) flushSoon();
      });
    }, COUNT_EVERY_MS).unref();
  };
  const count = (): void => {
    rejected += 1;
    flushSoon();
  };
  return { count, flush };
}
