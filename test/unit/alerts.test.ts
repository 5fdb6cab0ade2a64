import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { complaintsAboutRules, itWithPromtool, testRules, type RuleTest } from '../support/promtool.js';

const RULES = fileURLToPath(new URL('../../deploy/prometheus/alerts.yml', import.meta.url));
const RUNBOOK = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');

const ruleFile = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string(),
          labels: z.object({ severity: z.enum(['page', 'ticket']) }),
          annotations: z.object({ summary: z.string(), runbook: z.string() }),
        }),
      ),
    }),
  ),
});
const ALERTS = ruleFile.parse(parse(readFileSync(RULES, 'utf8'))).groups.flatMap(({ rules }) => rules);

/** Series by their name without the common beginning; a value a minute, as promtool writes them. */
type World = Readonly<Record<string, string>>;

const MINUTES = 90;
const still = (value: number): string => `${String(value)}x${String(MINUTES)}`;
const growing = (by: number): string => `0+${String(by)}x${String(MINUTES)}`;
const GONE = '_x90';

/** A ledger with nothing wrong: a receiver, and a process that does the jobs and tells of the ledger. */
const HEALTHY: World = {
  'up{job="recording-ledger",instance="receiver"}': still(1),
  'up{job="recording-ledger",instance="jobs"}': still(1),
  'notifications_total{instance="receiver",result="notice"}': growing(600),
  'notifications_rejected_total{instance="receiver",reason="no_signature"}': growing(100),
  'http_request_seconds_count{instance="receiver",listener="receiver",status="2xx"}': growing(600),
  'http_request_seconds_count{instance="api",listener="api",status="2xx"}': growing(600),
  'spooling{instance="receiver"}': still(0),
  'spool_entries{instance="receiver"}': still(0),
  'spool_bytes{instance="receiver"}': still(0),
  'spool_max_bytes{instance="receiver"}': still(1_073_741_824),
  'spool_oldest_seconds{instance="receiver"}': still(0),
  'fold_lag_seconds{instance="jobs"}': still(0.1),
  'feed_lag_seconds_bucket{instance="jobs",le="30"}': growing(600),
  'feed_lag_seconds_bucket{instance="jobs",le="60"}': growing(600),
  'feed_lag_seconds_bucket{instance="jobs",le="+Inf"}': growing(600),
  'sessions_set_aside{instance="jobs"}': still(0),
  'quarantined_bodies{instance="jobs"}': still(3),
  'partitions_ahead{instance="jobs"}': still(8),
  'wake_ups_lost_total{instance="jobs",of="tick"}': still(7),
  'live_sessions{instance="jobs"}': still(100),
  'sessions_not_queryable{instance="jobs"}': still(10),
  'sessions_at_target{instance="jobs"}': still(5_400),
  'truth_bound_seconds{instance="jobs"}': still(150),
  'staleness_seconds{instance="jobs",percentile="100"}': still(120),
  'refused_accounts{instance="jobs",account="default"}': still(0),
  'refused_apps{instance="jobs",account="default"}': still(0),
  'queries_total{instance="jobs",account="default",outcome="answered"}': growing(60),
  'queries_total{instance="jobs",account="default",outcome="unavailable"}': growing(2),
  'verdicts_total{instance="jobs",account="default",outcome="completed"}': growing(2),
};

/** What goes wrong, and which alerts that sets off: what is not named here stays silent. */
const TROUBLES: readonly { when: string; world: World; alerts: readonly string[] }[] = [
  {
    when: 'a process is gone, and another one does its work',
    world: { 'up{job="recording-ledger",instance="jobs"}': still(0) },
    alerts: ['LedgerProcessDown'],
  },
  {
    when: 'no receiver is left',
    world: {
      'up{job="recording-ledger",instance="receiver"}': still(0),
      ...gone('notifications_total{instance="receiver",result="notice"}', 'spooling{instance="receiver"}'),
      ...gone('spool_entries{instance="receiver"}', 'spool_bytes{instance="receiver"}'),
    },
    alerts: ['LedgerNoReceiver', 'LedgerNothingArrives', 'LedgerProcessDown'],
  },
  {
    when: 'the receiver runs and hears nothing of sessions that live',
    world: { 'notifications_total{instance="receiver",result="notice"}': still(600) },
    alerts: ['LedgerNothingArrives'],
  },
  {
    when: 'nothing arrives, and no session lives',
    world: {
      'notifications_total{instance="receiver",result="notice"}': still(600),
      'live_sessions{instance="jobs"}': still(0),
      'sessions_not_queryable{instance="jobs"}': still(0),
    },
    alerts: [],
  },
  {
    when: 'a secret no longer fits',
    world: { 'notifications_rejected_total{instance="receiver",reason="wrong_signature"}': growing(60) },
    alerts: ['LedgerNotificationsRefused'],
  },
  {
    when: 'somebody tries a signature once in a while',
    world: { 'notifications_rejected_total{instance="receiver",reason="wrong_signature"}': growing(1) },
    alerts: [],
  },
  {
    when: 'the only secret no longer fits, so that nothing is taken any more',
    world: {
      'notifications_total{instance="receiver",result="notice"}': still(600),
      'notifications_rejected_total{instance="receiver",reason="wrong_signature"}': growing(60),
    },
    alerts: ['LedgerNotificationsRefused', 'LedgerNothingArrives'],
  },
  {
    when: 'neither Postgres nor the spool takes notifications',
    world: { 'http_request_seconds_count{instance="receiver",listener="receiver",status="5xx"}': growing(3) },
    alerts: ['LedgerNotificationsNotKept'],
  },
  { when: 'Postgres is away', world: { 'spooling{instance="receiver"}': still(1) }, alerts: ['LedgerSpooling'] },
  {
    when: 'the spool is more than half full',
    world: { 'spool_bytes{instance="receiver"}': still(600_000_000), 'spooling{instance="receiver"}': still(1) },
    alerts: ['LedgerSpoolFilling', 'LedgerSpooling'],
  },
  {
    when: 'a spool is not drained',
    world: { 'spool_oldest_seconds{instance="receiver"}': '0+60x90' },
    alerts: ['LedgerSpoolNotDrained'],
  },
  {
    when: 'nobody does the jobs',
    world: gone(
      ...Object.keys(HEALTHY).filter(
        (series) => series.includes('instance="jobs"') && !series.startsWith('up') && !series.includes('_total'),
      ),
    ),
    alerts: ['LedgerNobodyDoesTheJobs'],
  },
  {
    when: 'folding does not keep up',
    world: { 'fold_lag_seconds{instance="jobs"}': '0+30x90' },
    alerts: ['LedgerFoldingBehind'],
  },
  {
    when: 'changes are late in the feed',
    world: { 'feed_lag_seconds_bucket{instance="jobs",le="30"}': growing(300) },
    alerts: ['LedgerFeedLate'],
  },
  {
    when: 'an endpoint of webhooks is long behind',
    world: { 'webhook_lag_seconds{instance="jobs",endpoint="ep_1",state="active"}': growing(60) },
    alerts: ['LedgerWebhooksBehind'],
  },
  {
    when: 'an endpoint of webhooks that is paused is long behind',
    world: { 'webhook_lag_seconds{instance="jobs",endpoint="ep_1",state="paused"}': growing(60) },
    alerts: [],
  },
  {
    when: 'a session cannot be folded',
    world: { 'sessions_set_aside{instance="jobs"}': still(1) },
    alerts: ['LedgerSessionsSetAside'],
  },
  {
    when: 'a body that nobody can read came within the hour',
    world: { 'quarantined_bodies{instance="jobs"}': '3x70 4x20' },
    alerts: ['LedgerBodiesUnreadable'],
  },
  {
    when: 'partitions are not made',
    world: { 'partitions_ahead{instance="jobs"}': still(3) },
    alerts: ['LedgerPartitionsMissing'],
  },
  {
    when: 'the queue is away',
    world: { 'wake_ups_lost_total{instance="jobs",of="tick"}': growing(60) },
    alerts: ['LedgerWakeUpsLost'],
  },
  {
    when: 'Agora is not asked any more',
    world: {
      'queries_total{instance="jobs",account="default",outcome="answered"}': still(9),
      'queries_total{instance="jobs",account="default",outcome="unavailable"}': still(9),
    },
    alerts: ['LedgerAskingStopped'],
  },
  {
    when: 'Agora refuses the account',
    world: { 'refused_accounts{instance="jobs",account="default"}': still(1) },
    alerts: ['LedgerAccountRefused'],
  },
  {
    when: 'Agora refuses an app',
    world: { 'refused_apps{instance="jobs",account="default"}': still(1) },
    alerts: ['LedgerAppRefused'],
  },
  {
    when: 'Agora does not answer',
    world: { 'queries_total{instance="jobs",account="default",outcome="unavailable"}': growing(90) },
    alerts: ['LedgerAgoraNotAnswering'],
  },
  {
    when: 'somebody else uses the limit up',
    world: { 'queries_total{instance="jobs",account="default",outcome="throttled"}': growing(20) },
    alerts: ['LedgerThrottled'],
  },
  {
    when: 'a live session is not verified within the bound',
    world: { 'staleness_seconds{instance="jobs",percentile="100"}': still(400) },
    alerts: ['LedgerTruthStale'],
  },
  {
    when: 'no bound can be promised',
    world: { 'truth_bound_seconds{instance="jobs"}': 'NaN '.repeat(MINUTES + 1) },
    alerts: ['LedgerNoBound'],
  },
  {
    when: 'more sessions live than can be verified in time',
    world: { 'live_sessions{instance="jobs"}': still(6_000) },
    alerts: ['LedgerTargetMissed'],
  },
  {
    when: 'sessions are no longer registered',
    world: { 'sessions_not_queryable{instance="jobs"}': still(60) },
    alerts: ['LedgerNotRegistered'],
  },
  {
    when: 'recordings fail',
    world: { 'verdicts_total{instance="jobs",account="default",outcome="vanished"}': growing(1) },
    alerts: ['LedgerRecordingsFail'],
  },
  {
    when: 'the API answers with errors',
    world: { 'http_request_seconds_count{instance="api",listener="api",status="5xx"}': growing(60) },
    alerts: ['LedgerApiFails'],
  },
];

function gone(...series: readonly string[]): World {
  return Object.fromEntries(series.map((name) => [name, GONE]));
}

function testOf(world: World, alerts: readonly string[]): RuleTest {
  const series = { ...HEALTHY, ...world };
  return {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({
      series: name.startsWith('up{') ? name : `recording_ledger_${name}`,
      values,
    })),
    promql_expr_test: [
      {
        expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
        eval_time: `${String(MINUTES)}m`,
        exp_samples: alerts.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
      },
    ],
  };
}

describe('the alerts', () => {
  itWithPromtool('are rules as Prometheus wants them', () => {
    expect(complaintsAboutRules(RULES)).toBe('');
  });

  itWithPromtool('are silent while nothing is wrong', () => {
    expect(testRules(RULES, testOf({}, []))).toBe('');
  });

  for (const { when, world, alerts } of TROUBLES) {
    itWithPromtool(`when ${when}: ${alerts.join(', ') || 'none'}`, () => {
      expect(testRules(RULES, testOf(world, alerts))).toBe('');
    });
  }

  it('are each set off by something here', () => {
    const tried = new Set(TROUBLES.flatMap(({ alerts }) => alerts));
    expect(ALERTS.map(({ alert }) => alert).filter((name) => !tried.has(name))).toEqual([]);
    expect(ALERTS.length).toBeGreaterThan(20);
  });

  it('each name a section of the runbook, which says what it means, where to look and what to do', () => {
    for (const { alert, annotations } of ALERTS) {
      expect(annotations.runbook).toBe(`docs/runbook.md#${alert.toLowerCase()}`);
      const section = RUNBOOK.split(`\n## ${alert}\n`)[1]?.split('\n## ')[0] ?? '';
      for (const part of ['For users', 'Look at', 'Do']) expect([alert, section]).toEqual([alert, has(part)]);
    }
  });

  it('are all that the runbook has sections for', () => {
    const sections = [...RUNBOOK.matchAll(/^## (Ledger\w+)$/gm)].map(([, name]) => name);
    expect(sections.sort()).toEqual(ALERTS.map(({ alert }) => alert).sort());
  });
});

function has(part: string): unknown {
  return expect.stringMatching(new RegExp(`\\*\\*${part}\\.\\*\\* \\S{1,}[^]{20,}`));
}
