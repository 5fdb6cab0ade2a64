import type { Pool } from 'pg';
import { isDataError, isStatementRejected } from '../db/connection/postgres-errors.js';
import { refusedRow } from '../db/evidence/incoming-rows.js';
import { storeNotices, type NoticeRow } from '../db/evidence/store-notices.js';
import { storeQuarantine, type QuarantineRow } from '../db/evidence/store-quarantine.js';
import { storeSpooled, type SpooledRow } from '../db/evidence/store-spooled.js';
import type { Metrics } from '../observability/metrics.js';
import type { Traces } from '../observability/traces.js';
import type { Inflow } from '../reconcile/pressure.js';

/** Stores evidence in Postgres. Each function stores all of its rows, or throws and stores none of them. */
export type EvidenceStore = {
  notices: (rows: readonly NoticeRow[]) => Promise<void>;
  unreadable: (rows: readonly QuarantineRow[]) => Promise<void>;
  /** Entries of a spool, each exactly once, however often it is tried. */
  spooled: (rows: readonly SpooledRow[]) => Promise<void>;
};

export type EvidenceStoreOptions = {
  pool: Pool;
  /** The id of the spool that is drained into it. */
  spoolId: string;
  /** This process's row of the counters. */
  shard: number;
  /** Called after each commit with something to fold. */
  wakeFolding: () => void;
  inflow: Inflow;
  metrics: Metrics;
  traces: Traces | null;
};

export function createEvidenceStore(options: EvidenceStoreOptions): EvidenceStore {
  const { pool, spoolId, shard, wakeFolding, inflow, metrics, traces } = options;
  return {
    notices: async (rows) => {
      const end = metrics.storeDuration.startTimer();
      await storeNotices(pool, rows, shard);
      const tookMs = end() * 1000;
      if (traces !== null) for (const row of rows) tellStored(traces, row, tookMs);
      metrics.storeBatch.observe(rows.length);
      inflow.took(rows.length, performance.now());
      wakeFolding();
    },
    unreadable: async (rows) => {
      await storeQuarantine(pool, rows, shard);
    },
    spooled: async (rows) => {
      const startedAt = performance.now();
      await storeSpooled({ pool }, spoolId, rows, shard);
      const tookMs = performance.now() - startedAt;
      if (traces !== null) for (const one of rows) if (one.kind === 'notice') tellStored(traces, one.row, tookMs);
      wakeFolding();
    },
  };
}

function tellStored(traces: Traces, row: NoticeRow, tookMs: number): void {
  const toMs = Date.now();
  traces.stage(row, 'stored', toMs - tookMs, toMs);
}

/**
 * Stores entries of a spool. If Postgres refuses a batch, its entries are stored one by one; an entry that
 * Postgres refuses alone is quarantined as an unreadable body.
 */
export async function storeTakenApart(
  rows: readonly SpooledRow[],
  store: EvidenceStore['spooled'],
  onRefused: (error: unknown) => void,
): Promise<void> {
  try {
    await store(rows);
  } catch (error) {
    if (!isStatementRejected(error)) throw error;
    const [row, ...others] = rows;
    if (row === undefined) return;
    if (others.length === 0) {
      if (!isDataError(error)) throw error;
      onRefused(error);
      await store([asUnreadable(row, error)]);
      return;
    }
    for (const one of rows) await storeTakenApart([one], store, onRefused);
  }
}

function asUnreadable({ key, isDoubtful, kind, row }: SpooledRow, error: unknown): SpooledRow {
  const unreadable = kind === 'notice' ? refusedRow(row, error) : { ...row, reason: String(error) };
  return { key, isDoubtful, kind: 'unreadable', row: unreadable };
}
