import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { askingMetrics } from './asking-metrics.js';
import { bucketMetrics } from './bucket-metrics.js';
import { foldingMetrics } from './folding-metrics.js';
import { ledgerGauges } from './ledger-gauges.js';
import { passingMetrics } from './passing-metrics.js';
import { receivingMetrics } from './receiving-metrics.js';
import { webhookMetrics } from './webhook-metrics.js';
import { PREFIX } from './prefix.js';

/** The metrics of this process, in one object that is passed to the rooms. Prometheus's names use seconds. */
export type Metrics = ReturnType<typeof createMetrics>;

/** Sums of gauges that are there by kind, named as counters are: Prometheus's own tool refuses them. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  for (const name of MISNAMED) registry.removeSingleMetric(`${PREFIX}${name}`);
  const registers = [registry];
  return {
    registry,
    requestDuration: new Histogram({
      name: `${PREFIX}http_request_seconds`,
      help: 'Time that requests took, by listener, the route that answered, and the class of status; broken_off: by who asked',
      labelNames: ['listener', 'route', 'status'],
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30],
      registers,
    }),
    replicaLag: replicaLag(registers),
    ...receivingMetrics(registers),
    ...askingMetrics(registers),
    ...foldingMetrics(registers),
    ...passingMetrics(registers),
    ...webhookMetrics(registers),
    ...bucketMetrics(registers),
    ledger: ledgerGauges(registers),
  };
}

function replicaLag(registers: Registry[]): Gauge {
  const gauge = new Gauge({
    name: `${PREFIX}read_replica_lag_seconds`,
    help: 'How far the replica of DATABASE_READ_URL is behind; NaN: that cannot be told, or there is none',
    registers,
  });
  gauge.set(Number.NaN);
  return gauge;
}
