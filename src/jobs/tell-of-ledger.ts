import { countDaysAhead } from '../db/migrations/partitions.js';
import { readBacklog } from '../db/evidence/pending-evidence.js';
import { countQuarantined } from '../db/evidence/quarantine.js';
import { countHeldSlots } from '../db/schedule/query-slots.js';
import { countSetAside } from '../db/sessions/set-aside.js';
import { readLags, type EndpointLag } from '../db/webhooks/lag.js';
import type { LedgerGauges } from '../observability/ledger-gauges.js';
import { summarizeLedger, type LedgerSummary, type LedgerSummaryContext } from './summarize.js';

/** Reads what is true of the whole ledger, and shows it. */
export async function tellOfLedger(gauges: LedgerGauges, context: LedgerSummaryContext): Promise<void> {
  const { pool } = context.db;
  const [summary, backlog, setAside, quarantined, slots, daysAhead, lags] = await Promise.all([
    summarizeLedger(context),
    readBacklog(pool),
    countSetAside(pool),
    countQuarantined(pool),
    countHeldSlots(pool),
    countDaysAhead(pool, context.now()),
    readLags(pool, context.now()),
  ]);
  showSummary(gauges, summary);
  showLags(gauges, [...lags.values()]);
  gauges.pendingEvidence.set(backlog.waiting);
  gauges.foldLagSeconds.set(backlog.oldestMs === null ? 0 : Math.max(context.now() - backlog.oldestMs, 0) / 1000);
  gauges.setAside.set(setAside);
  gauges.quarantined.set(quarantined);
  gauges.partitionDaysAhead.set(daysAhead);
  for (const { scope, held, leased } of slots) {
    gauges.slotsHeld.set({ account: scope, by: 'query' }, held - leased);
    gauges.slotsHeld.set({ account: scope, by: 'lease' }, leased);
  }
  for (const { name } of context.accounts) {
    const refused = summary.refused.filter(({ account }) => account === name);
    const apps = refused.filter(({ appId }) => appId !== null);
    gauges.refusedApps.set({ account: name }, apps.length);
    gauges.refusedAccounts.set({ account: name }, refused.length > apps.length ? 1 : 0);
  }
}

/** Those that are up to date now are not shown any more. */
function showLags({ webhookLagSeconds, webhookLagVersions }: LedgerGauges, lags: readonly EndpointLag[]): void {
  webhookLagSeconds.reset();
  webhookLagVersions.reset();
  for (const { id: endpoint, state, seconds, versions } of lags) {
    webhookLagSeconds.set({ endpoint, state }, seconds);
    webhookLagVersions.set({ endpoint, state }, versions);
  }
}

/** A bound that nobody can promise is NaN. */
function showSummary(gauges: LedgerGauges, { truth, staleness, sessions, gaps }: LedgerSummary): void {
  gauges.boundSeconds.set(truth.boundMs === null ? Number.NaN : truth.boundMs / 1000);
  gauges.verifiedShare.set(truth.verifiedWithinBound ?? Number.NaN);
  gauges.liveSessions.set(truth.liveSessions);
  gauges.notQueryable.set(truth.notQueryable);
  gauges.sessionsAtTarget.set(truth.forecast.sessionsAtTarget);
  for (const [state, count] of Object.entries(sessions)) gauges.sessions.set({ state }, count);
  const { open, settledByNotice, settledByQuery } = gaps;
  const settled = { open, notice: settledByNotice, query: settledByQuery };
  for (const [by, count] of Object.entries(settled)) gauges.gaps.set({ settled: by }, count);
  const ages = { '50': staleness.p50Ms, '95': staleness.p95Ms, '99': staleness.p99Ms, '100': staleness.maxMs };
  for (const [percentile, ms] of Object.entries(ages)) gauges.stalenessSeconds.set({ percentile }, ms / 1000);
}
