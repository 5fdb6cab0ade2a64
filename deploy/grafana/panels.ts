/** What the dashboard shows: rows of panels, each with its expressions. */
export type PanelPlan = {
  title: string;
  description: string;
  /** As Grafana names units. */
  unit: string;
  targets: readonly { expr: string; legend: string }[];
};
export type RowPlan = { title: string; panels: readonly PanelPlan[] };

/** The names of metrics begin so. */
const P = 'recording_ledger_';
/** Grafana's own: long enough for a rate at the chosen zoom. */
const RATE = '[$__rate_interval]';

const rate = (metric: string, by: string, labels = ''): string =>
  `sum by (${by}) (rate(${P}${metric}${labels === '' ? '' : `{${labels}}`}${RATE}))`;

/** The share of a histogram's values that a number of seconds, or rows, is not exceeded by. */
const quantile = (q: number, metric: string, by = '', labels = ''): string =>
  `histogram_quantile(${String(q)}, ${rate(`${metric}_bucket`, by === '' ? 'le' : `le, ${by}`, labels)})`;

/** What one process tells of the whole ledger: in a moment of change two may, or none. */
const ledger = (gauge: string, by = ''): string => `max${by === '' ? '' : ` by (${by})`} (${P}${gauge})`;

const gauge = (title: string, description: string, unit: string, expr: string, legend: string): PanelPlan => ({
  title,
  description,
  unit,
  targets: [{ expr, legend }],
});

const percentiles = (title: string, description: string, metric: string, by = '', labels = ''): PanelPlan => ({
  title,
  description,
  unit: 's',
  targets: [0.5, 0.99].map((q) => ({
    expr: quantile(q, metric, by, labels),
    legend: `p${String(q * 100)}${by === '' ? '' : ` {{${by}}}`}`,
  })),
});

/** At the top: whether anything has to be done. */
export const GLANCE: readonly PanelPlan[] = [
  gauge('Live sessions', 'Live sessions that can be asked about.', 'none', ledger('live_sessions'), ''),
  gauge(
    'Longest unverified',
    'Of all live sessions the one that Agora was last asked about longest ago.',
    's',
    `max(${P}staleness_seconds{percentile="100"})`,
    '',
  ),
  gauge('Promised bound', 'No live session stays unverified longer.', 's', ledger('truth_bound_seconds'), ''),
  gauge('Folding behind', 'How long what was received has waited.', 's', ledger('fold_lag_seconds'), ''),
  gauge('In spools', 'Notifications that wait for Postgres.', 'none', `sum(${P}spool_entries)`, ''),
  gauge(
    'Alerts',
    'Of the runbook, firing now.',
    'none',
    'count(ALERTS{alertstate="firing", alertname=~"Ledger.*"}) or vector(0)',
    '',
  ),
];

const RECEIVING: RowPlan = {
  title: 'Receiving',
  panels: [
    gauge('Notifications', 'By what became of them.', 'reqps', rate('notifications_total', 'result'), '{{result}}'),
    gauge(
      'Refused',
      'By reason; the log says what to mend (notification.rejected).',
      'reqps',
      rate('notifications_rejected_total', 'reason'),
      '{{reason}}',
    ),
    percentiles('Answer time of receivers', '', 'http_request_seconds', '', 'listener="receiver"'),
    percentiles('Storing a batch', 'One statement each.', 'store_seconds'),
    gauge(
      'Rows of a batch',
      'It grows with the load: everything that came while the last one was stored.',
      'none',
      `sum(rate(${P}store_batch_rows_sum${RATE})) / sum(rate(${P}store_batch_rows_count${RATE}))`,
      'on average',
    ),
    {
      title: 'Spools',
      description: 'What receivers keep while Postgres is away, and what they may keep at most.',
      unit: 'bytes',
      targets: [
        { expr: `sum by (instance) (${P}spool_bytes)`, legend: '{{instance}}' },
        { expr: `sum by (instance) (${P}spool_max_bytes)`, legend: '{{instance}} at most' },
      ],
    },
    {
      title: 'Age of spools',
      description: 'For how long the oldest entry has waited, and whether its receiver is cut off (1).',
      unit: 's',
      targets: [
        { expr: `max by (instance) (${P}spool_oldest_seconds)`, legend: '{{instance}}' },
        { expr: `max by (instance) (${P}spooling)`, legend: '{{instance}} is spooling' },
      ],
    },
  ],
};

const FOLDING: RowPlan = {
  title: 'Folding',
  panels: [
    gauge('Folds', 'Sessions folded and saved.', 'ops', rate('folds_total', 'result'), '{{result}}'),
    percentiles('Receipt to feed', 'What a reader of the feed waits for.', 'feed_lag_seconds'),
    gauge('Waiting to be folded', 'Counted up to 10000.', 'none', ledger('pending_evidence'), 'pieces of evidence'),
    percentiles('Jobs', 'How long they take.', 'job_seconds', 'job'),
    {
      title: 'What needs a person',
      description: 'Sessions that cannot be folded, and bodies that nobody can read.',
      unit: 'none',
      targets: [
        { expr: ledger('sessions_set_aside'), legend: 'sessions set aside' },
        { expr: `sum(increase(${P}set_asides_total${RATE}))`, legend: 'set aside just now' },
        { expr: ledger('quarantined_bodies'), legend: 'bodies in quarantine' },
      ],
    },
    gauge(
      'Partitions ahead',
      'Coming days that have a partition for their notices.',
      'd',
      ledger('partitions_ahead'),
      'days',
    ),
    gauge(
      'Lost wake-ups',
      'The queue is away: work is found by the sweep.',
      'ops',
      rate('wake_ups_lost_total', 'of'),
      '{{of}}',
    ),
  ],
};

const ASKING: RowPlan = {
  title: 'Asking Agora',
  panels: [
    gauge('Queries by answer', '', 'reqps', rate('queries_total', 'account, outcome'), '{{account}} {{outcome}}'),
    gauge('Queries by purpose', '', 'reqps', rate('queries_total', 'class'), '{{class}}'),
    percentiles('Answer time of Agora', '', 'query_seconds'),
    percentiles('Waiting for a slot', 'Before a query is sent.', 'slot_wait_seconds'),
    {
      title: 'Slots',
      description: 'Held now by queries and by leases, and queries on their way.',
      unit: 'none',
      targets: [
        { expr: ledger('slots_held', 'account, by'), legend: '{{account}} {{by}}' },
        { expr: `sum by (account) (${P}queries_in_flight)`, legend: '{{account}} on their way' },
      ],
    },
    gauge(
      'Slots unused',
      'Taken for a query that was not sent.',
      'ops',
      rate('slots_unused_total', 'account'),
      '{{account}}',
    ),
    {
      title: 'Refused by Agora',
      description: '401 or 403: wrong credentials, or an app of another account.',
      unit: 'none',
      targets: [
        { expr: ledger('refused_accounts', 'account'), legend: '{{account}}' },
        { expr: ledger('refused_apps', 'account'), legend: '{{account}}: apps' },
      ],
    },
  ],
};

const TRUTH: RowPlan = {
  title: 'How true the ledger is',
  panels: [
    {
      title: 'Unverified for',
      description: 'Since live sessions were last verified, beside the promised bound.',
      unit: 's',
      targets: [
        { expr: ledger('staleness_seconds', 'percentile'), legend: 'p{{percentile}}' },
        { expr: ledger('truth_bound_seconds'), legend: 'bound' },
      ],
    },
    gauge('Within the bound', 'Share of live sessions.', 'percentunit', ledger('verified_within_bound'), 'verified'),
    {
      title: 'Live sessions and room for more',
      description: 'At the target (TRUTH_TARGET_MS) so many can be verified in time.',
      unit: 'none',
      targets: [
        { expr: ledger('live_sessions'), legend: 'live' },
        { expr: ledger('sessions_at_target'), legend: 'at most' },
        { expr: ledger('sessions_not_queryable'), legend: 'cannot be asked about' },
      ],
    },
    gauge('Sessions by state', '', 'none', ledger('sessions', 'state'), '{{state}}'),
    gauge('Ends by outcome', '', 'ops', rate('verdicts_total', 'outcome'), '{{outcome}}'),
    percentiles('From end to knowing it', '', 'time_to_truth_seconds', 'outcome'),
    gauge(
      'Missing sequence numbers',
      'By what settled them.',
      'none',
      ledger('sequence_gaps', 'settled'),
      '{{settled}}',
    ),
  ],
};

const PASSING: RowPlan = {
  title: 'Calls that pass through',
  panels: [
    gauge(
      'Calls passed on',
      '',
      'reqps',
      rate('calls_passed_total', 'account, method, status'),
      '{{method}} {{status}}',
    ),
    gauge(
      'Calls refused',
      'By reason; busy: no slot was free in time.',
      'reqps',
      rate('calls_refused_total', 'reason'),
      '{{reason}}',
    ),
  ],
};

const WEBHOOKS: RowPlan = {
  title: 'Outgoing webhooks',
  panels: [
    gauge('Tries', 'By what came of them.', 'ops', rate('webhook_tries_total', 'result'), '{{result}}'),
    percentiles('Time of a try', '', 'webhook_try_seconds'),
    gauge(
      'Behind',
      'Since the oldest version that an endpoint has not got; of those that are up to date none.',
      's',
      `max by (endpoint, state) (${P}webhook_lag_seconds)`,
      '{{endpoint}} {{state}}',
    ),
    gauge(
      'Versions behind',
      'In the feed and not come to yet, wanted or not.',
      'none',
      `max by (endpoint, state) (${P}webhook_lag_versions)`,
      '{{endpoint}} {{state}}',
    ),
    gauge('Problems', 'Parked, gone, failing.', 'ops', rate('webhook_problems_total', 'kind'), '{{kind}}'),
  ],
};

const BUCKETS: RowPlan = {
  title: 'Buckets',
  panels: [
    gauge(
      'Requests to buckets',
      'By method and what came of them; each costs money.',
      'reqps',
      rate('bucket_requests_total', 'bucket, method, outcome'),
      '{{bucket}} {{method}} {{outcome}}',
    ),
    gauge(
      'Looks',
      'At one session each; refused: check the keys.',
      'ops',
      rate('bucket_looks_total', 'bucket, outcome'),
      '{{bucket}} {{outcome}}',
    ),
  ],
};

const READING: RowPlan = {
  title: 'Reading, and the processes',
  panels: [
    gauge(
      'API requests',
      '',
      'reqps',
      rate('http_request_seconds_count', 'route, status', 'listener="api"'),
      '{{route}} {{status}}',
    ),
    percentiles('Answer time of the API', '', 'http_request_seconds', 'route', 'listener="api"'),
    gauge(
      'Replica behind',
      'Of DATABASE_READ_URL; over 10 s the primary is read.',
      's',
      `max by (instance) (${P}read_replica_lag_seconds)`,
      '{{instance}}',
    ),
    gauge(
      'CPU',
      'Cores used.',
      'none',
      `sum by (instance) (rate(${P}process_cpu_seconds_total${RATE}))`,
      '{{instance}}',
    ),
    gauge('Memory', '', 'bytes', `max by (instance) (${P}process_resident_memory_bytes)`, '{{instance}}'),
    gauge(
      'Event loop delay',
      'The 99th percentile.',
      's',
      `max by (instance) (${P}nodejs_eventloop_lag_p99_seconds)`,
      '{{instance}}',
    ),
  ],
};

export const ROWS: readonly RowPlan[] = [RECEIVING, FOLDING, ASKING, TRUTH, PASSING, WEBHOOKS, BUCKETS, READING];
