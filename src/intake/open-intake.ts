import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { storeNotices, type NoticeRow } from '../db/evidence/store-notices.js';
import { storeQuarantine, type QuarantineRow } from '../db/evidence/store-quarantine.js';
import { storeSpooled } from '../db/evidence/store-spooled.js';
import { createInflow, type Inflow, type Pressure } from '../reconcile/pressure.js';
import { logSparingly } from '../observability/log-sparingly.js';
import type { Metrics } from '../observability/metrics.js';
import { startDraining } from './drain-spool.js';
import type { GroupCommit } from './group-commit.js';
import { keepIncoming, type Store } from './keep-incoming.js';
import { openSpool, type SpoolSize } from './spool.js';
import { createPresence, type Presence } from './store-or-spool.js';

/**
 * Where the receiver puts notifications: into Postgres, a statement for all that came meanwhile; and
 * while Postgres is away, into the spool, which is drained when it is back.
 */
export type Intake = {
  notices: GroupCommit<NoticeRow>;
  quarantine: GroupCommit<QuarantineRow>;
  spooled: () => SpoolSize;
  /** How hard notifications press in. */
  pressure: () => Pressure;
  /** Stores what it was given, in one place or the other, and closes. */
  close: () => Promise<void>;
};

export type IntakeOptions = {
  /** Of the intake's own, with little patience: it is closed with it. */
  pool: Pool;
  spoolDir: string;
  spoolMaxBytes: number;
  /** This process's own row of the counters. */
  shard: number;
  /** Called after each commit. */
  ring: () => void;
  log: Logger;
  metrics: Metrics;
};

export function openIntake(options: IntakeOptions): Intake {
  const { pool, shard, ring, log, metrics } = options;
  const spool = openSpool(options.spoolDir, options.spoolMaxBytes);
  const presence = watchPresence(log, metrics);
  const inflow = createInflow();
  metrics.spoolSize(spool.size);
  const { notices, quarantine, drain } = keepIncoming(presence, spool, timedStore(options, inflow), storeUnreadable(options)); // prettier-ignore
  const draining = startDraining({
    spool,
    presence,
    store: async (rows) => {
      await storeSpooled({ pool }, spool.id, rows, shard);
      ring();
    },
    onRefused: (error) => log.error({ err: error }, 'spool.entry_refused'),
    onDrained: (entries) => log.info({ entries }, 'spool.drained'),
    onFailed: logSparingly(log, 'error', 'spool.not_drained'),
  });
  const close = async (): Promise<void> => {
    await drain();
    await draining.stop();
    await Promise.all([spool.close(), pool.end()]);
  };
  const pressure = (): Pressure => inflow.pressure(performance.now());
  return { notices, quarantine, spooled: spool.size, pressure, close };
}

function watchPresence(log: Logger, metrics: Metrics): Presence {
  return createPresence(
    (error) => {
      metrics.spooling.set(1);
      log.error({ err: error }, 'receiver.spooling');
    },
    () => {
      metrics.spooling.set(0);
      log.warn('receiver.storing_again');
    },
  );
}

function storeUnreadable({ pool, shard }: IntakeOptions): Store<QuarantineRow> {
  return async (rows) => {
    await storeQuarantine(pool, rows, shard);
  };
}

function timedStore(
  { pool, shard, ring, metrics }: IntakeOptions,
  inflow: Inflow,
): Store<NoticeRow> {
  return async (rows) => {
    const end = metrics.storeDuration.startTimer();
    await storeNotices(pool, rows, shard);
    end();
    metrics.storeBatch.observe(rows.length);
    inflow.took(rows.length, performance.now());
    ring();
  };
}
