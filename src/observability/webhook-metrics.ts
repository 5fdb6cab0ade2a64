import { Counter, Histogram, type Registry } from 'prom-client';
import { PREFIX } from './prefix.js';

export function webhookMetrics(registers: Registry[]) {
  return {
    webhookTries: new Counter({
      name: `${PREFIX}webhook_tries_total`,
      help: 'Tries of outgoing deliveries, by what came of them',
      labelNames: ['result'],
      registers,
    }),
    webhookDuration: new Histogram({
      name: `${PREFIX}webhook_try_seconds`,
      help: 'Time that tries of outgoing deliveries took',
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 5, 15],
      registers,
    }),
    webhookProblems: new Counter({
      name: `${PREFIX}webhook_problems_total`,
      help: 'Deliveries that were parked, and endpoints that answered 410 or keep failing',
      labelNames: ['kind'],
      registers,
    }),
  };
}
