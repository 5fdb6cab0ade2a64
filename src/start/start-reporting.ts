import { randomUUID } from 'node:crypto';
import { holdLease, leaveLease } from '../db/connection/process-leases.js';
import { tellOfLedger } from '../jobs/tell-of-ledger.js';
import { logSparingly } from '../observability/log-sparingly.js';
import type { Components } from './components.js';
import { rest } from '../timing/rest.js';

const LEASE = 'ledger gauges';
const REPORT_EVERY_MS = 5_000;
/** Who died holding it tells nothing any more, and another begins after this. */
const LEASE_MS = 15_000;

/**
 * One of all processes with the role `jobs` reads every few seconds what is true of the whole ledger, and shows
 * it among its metrics; the others show none of it. So a scrape reads nothing, and no number is there twice.
 */
export function startReporting({ config, db, clock, log, metrics, context }: Components): {
  close: () => Promise<void>;
} {
  const holder = randomUUID();
  const closing = new AbortController();
  const failed = logSparingly(log, 'warn', 'gauges.not_read');
  const accounts = [...context.accounts.values()];
  const summary = { db, accounts, rules: config.rules, targetMs: config.truthTargetMs, now: clock.now };
  let outdated: NodeJS.Timeout | undefined;
  const report = async (): Promise<void> => {
    const isTeller = await holdLease(db.pool, LEASE, holder, LEASE_MS);
    if (isTeller) await tellOfLedger(metrics.ledger, summary);
    else metrics.ledger.hide();
    clearTimeout(outdated);
    outdated = isTeller ? setTimeout(metrics.ledger.hide, LEASE_MS) : undefined;
  };
  const reporting = (async (): Promise<void> => {
    while (!closing.signal.aborted) {
      await report().catch(failed);
      await rest(REPORT_EVERY_MS, closing.signal);
    }
  })();
  return {
    close: async () => {
      closing.abort();
      await reporting;
      clearTimeout(outdated);
      metrics.ledger.hide();
      await leaveLease(db.pool, LEASE, holder).catch(() => undefined); // it runs out by itself
    },
  };
}
