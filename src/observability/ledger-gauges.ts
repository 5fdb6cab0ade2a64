import { Gauge, type Registry } from 'prom-client';
import { PREFIX } from './prefix.js';

/**
 * What is true of the whole ledger, not of one process. One process of all shows them at a time; in the others
 * they are absent, so that a sum over processes is the same as any one of them.
 * Ours: docs/decisions/023-one-process-tells-of-the-ledger.md
 */
export type LedgerGauges = ReturnType<typeof ledgerGauges>;

export function ledgerGauges(registers: Registry[]) {
  const all: { gauge: Gauge; labels: readonly string[] }[] = [];
  const of = <T extends string = never>(name: string, help: string, labelNames: T[] = []): Gauge<T> => {
    const gauge = new Gauge({ name: `${PREFIX}${name}`, help, labelNames, registers });
    all.push({ gauge: gauge, labels: labelNames });
    return gauge;
  };
  const gauges = {
    sessions: of('sessions', 'Sessions in the ledger, by state', ['state']),
    liveSessions: of('live_sessions', 'Live, queryable sessions'),
    notQueryable: of('sessions_not_queryable', 'Sessions that are not over and that nothing can be asked about'),
    sessionsAtTarget: of('sessions_at_target', 'Number of live sessions at which the bound reaches TRUTH_TARGET_MS'),
    boundSeconds: of('truth_bound_seconds', 'No live, queryable session stays unverified longer than this'),
    verifiedShare: of('verified_within_bound', 'Share of live, queryable sessions that were verified within the bound'),
    stalenessSeconds: of(
      'staleness_seconds',
      'Time since live sessions were last verified, of the one at each percentile; 100 is the longest',
      ['percentile'],
    ),
    pendingEvidence: of('pending_evidence', 'Pieces of evidence that wait to be folded (counted up to 10000)'),
    foldLagSeconds: of(
      'fold_lag_seconds',
      'For how long the evidence that is folded next has waited; 0 where none waits',
    ),
    setAside: of(
      'sessions_set_aside',
      'Sessions that could not be folded and are tried again later; see session.set_aside in the log',
    ),
    quarantined: of('quarantined_bodies', 'Signed bodies that nobody could read yet (counted up to 10000)'),
    gaps: of('sequence_gaps', 'Missing sequence numbers, by what settled them; open: nothing yet', ['settled']),
    slotsHeld: of(
      'slots_held',
      'Slots that queries and leases hold just now, by account, or account/app where an app has a limit of its own',
      ['account', 'by'],
    ),
    refusedAccounts: of('refused_accounts', '1 for an account that Agora answers 401 or 403 to', ['account']),
    partitionDaysAhead: of(
      'partitions_ahead',
      'Coming days, today counted, without a break, that have a partition for their notices',
    ),
    webhookLagSeconds: of(
      'webhook_lag_seconds',
      'Since the oldest version that an endpoint of outgoing webhooks has not got came into the feed; of the 100 that are longest behind, and of none that is up to date',
      ['endpoint', 'state'],
    ),
    webhookLagVersions: of(
      'webhook_lag_versions',
      'Versions in the feed that such an endpoint has not come to yet (counted up to 10000)',
      ['endpoint', 'state'],
    ),
    refusedApps: of('refused_apps', 'Apps of the account that Agora answers 401 or 403 to', ['account']),
  };
  const hide = (): void => {
    for (const { gauge, labels } of all) {
      gauge.reset();
      if (labels.length === 0) gauge.remove(); // one without labels is 0 after a reset
    }
  };
  hide();
  return { ...gauges, hide };
}
