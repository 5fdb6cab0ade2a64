import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { logSparingly } from '../observability/log-sparingly.js';
import type { Metrics } from '../observability/metrics.js';
import type { Traces } from '../observability/traces.js';
import { createInflow, type Pressure } from '../reconcile/pressure.js';
import { createEvidenceStore } from './evidence-store.js';
import { Intake, type IntakeEvents } from './intake.js';
import { openSpool, type Spool } from './spool.js';

export type OpenedIntake = Pick<Intake, 'take' | 'spooled' | 'close'> & {
  /** How heavy the load of incoming notifications is. */
  pressure: () => Pressure;
};

export type OpenIntakeOptions = {
  /** The intake's own pool, with short timeouts; closed together with the intake. */
  pool: Pool;
  spoolDir: string;
  spoolMaxBytes: number;
  /** This process's row of the counters. */
  shard: number;
  /** Called after each commit. */
  wakeFolding: () => void;
  log: Logger;
  metrics: Metrics;
  traces: Traces | null;
};

/** Opens an intake with its spool, which stores in Postgres through this pool. */
export function openIntake(options: OpenIntakeOptions): OpenedIntake {
  const { pool, shard, wakeFolding, log, metrics, traces } = options;
  const spool = openSpool(options.spoolDir, options.spoolMaxBytes);
  const inflow = createInflow();
  const store = createEvidenceStore({ pool, spoolId: spool.id, shard, wakeFolding, inflow, metrics, traces });
  const intake = new Intake({ spool, store, events: tellOf(log, metrics) });
  metrics.spooling.set(0);
  watchSpool(metrics, spool, options.spoolMaxBytes);
  return {
    take: (received) => intake.take(received),
    spooled: () => intake.spooled(),
    pressure: () => inflow.pressure(performance.now()),
    close: async () => {
      await intake.close();
      await pool.end();
    },
  };
}

/** Opens the intake of a receiver that has not reached Postgres since its start: everything goes to the spool. */
export function openSpoolingIntake(
  { spoolDir, spoolMaxBytes }: Pick<OpenIntakeOptions, 'spoolDir' | 'spoolMaxBytes'>,
  log: Logger,
  metrics: Metrics,
): Intake {
  const spool = openSpool(spoolDir, spoolMaxBytes);
  metrics.spooling.set(1);
  watchSpool(metrics, spool, spoolMaxBytes);
  return new Intake({ spool, store: null, events: tellOf(log, metrics) });
}

function watchSpool(metrics: Metrics, spool: Spool, maxBytes: number): void {
  metrics.watchSpool(() => ({ ...spool.size(), maxBytes, oldestMs: spool.oldestMs() }));
}

function tellOf(log: Logger, metrics: Metrics): IntakeEvents {
  return {
    onSpooling: (error) => {
      metrics.spooling.set(1);
      log.error({ err: error }, 'receiver.spooling');
    },
    onStoringAgain: () => {
      metrics.spooling.set(0);
      log.warn('receiver.storing_again');
    },
    onDrained: (entries) => log.info({ entries }, 'spool.drained'),
    onRefused: logSparingly(log, 'error', 'spool.entry_refused'),
    onNotDrained: logSparingly(log, 'error', 'spool.not_drained'),
  };
}
