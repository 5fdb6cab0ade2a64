import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const PREFIX = 'recording_ledger_';

/** The metrics of this process, in one object that is passed to the rooms. Prometheus's names use seconds. */
export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  const registers = [registry];
  return {
    registry,
    notifications: new Counter({
      name: `${PREFIX}notifications_total`,
      help: 'Notifications received, by what became of them',
      labelNames: ['result'],
      registers,
    }),
    storeBatch: new Histogram({
      name: `${PREFIX}store_batch_rows`,
      help: 'Notifications stored with one statement',
      buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500],
      registers,
    }),
    storeDuration: new Histogram({
      name: `${PREFIX}store_seconds`,
      help: 'Time that storing a batch took',
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5],
      registers,
    }),
    spooling: new Gauge({
      name: `${PREFIX}spooling`,
      help: '1 while Postgres cannot be reached and notifications are kept on the local disk',
      registers,
    }),
    /** Called once with the function that reads how many entries and bytes wait in the spool. */
    spoolSize: (read: () => { entries: number; bytes: number }) => {
      const of = (name: string, help: string, pick: (size: { entries: number; bytes: number }) => number) =>
        new Gauge({
          name: `${PREFIX}${name}`,
          help,
          registers,
          collect() {
            this.set(pick(read()));
          },
        });
      of('spool_entries', 'Notifications that wait in the spool', ({ entries }) => entries);
      of('spool_bytes', 'What the spool keeps, in bytes', ({ bytes }) => bytes);
    },
    queries: new Counter({
      name: `${PREFIX}queries_total`,
      help: 'Queries asked, by account and outcome',
      labelNames: ['account', 'outcome'],
      registers,
    }),
    queryDuration: new Histogram({
      name: `${PREFIX}query_seconds`,
      help: 'Time from asking to answering',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    slotWait: new Histogram({
      name: `${PREFIX}slot_wait_seconds`,
      help: 'Time that a query waited for a slot of its account',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2, 5],
      registers,
    }),
    slotsUnused: new Counter({
      name: `${PREFIX}slots_unused_total`,
      help: 'Slots released because the query was not sent: no server was listening, or it was too late',
      labelNames: ['account'],
      registers,
    }),
    slotsHeld: new Gauge({
      name: `${PREFIX}slots_held`,
      help: 'Slots that queries and leases hold just now, by account, or account/app where an app has a limit of its own',
      labelNames: ['account', 'by'],
      registers,
    }),
    refusedApps: new Gauge({
      name: `${PREFIX}refused_apps`,
      help: 'Apps of the account that Agora answers 401 or 403 to',
      labelNames: ['account'],
      registers,
    }),
    jobDuration: new Histogram({
      name: `${PREFIX}job_seconds`,
      help: 'Time that a job took',
      labelNames: ['job'],
      buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
      registers,
    }),
    pendingEvidence: new Gauge({
      name: `${PREFIX}pending_evidence`,
      help: 'Pieces of evidence that wait to be folded (counted up to 10000)',
      registers,
    }),
    setAside: new Gauge({
      name: `${PREFIX}sessions_set_aside`,
      help: 'Sessions that could not be folded and are tried again later; see session.set_aside in the log',
      registers,
    }),
    verifiedShare: new Gauge({
      name: `${PREFIX}verified_within_bound`,
      help: 'Share of live, queryable sessions that were verified within the bound',
      registers,
    }),
    liveSessions: new Gauge({
      name: `${PREFIX}live_sessions`,
      help: 'Live, queryable sessions',
      registers,
    }),
    sessionsAtTarget: new Gauge({
      name: `${PREFIX}sessions_at_target`,
      help: 'Number of live sessions at which the bound reaches TRUTH_TARGET_MS',
      registers,
    }),
    boundSeconds: new Gauge({
      name: `${PREFIX}truth_bound_seconds`,
      help: 'No live, queryable session stays unverified longer than this',
      registers,
    }),
    stalenessSeconds: new Gauge({
      name: `${PREFIX}staleness_seconds`,
      help: 'Time since live sessions were last verified',
      labelNames: ['quantile'],
      registers,
    }),
  };
}
