import { Counter, type Registry } from 'prom-client';
import { PREFIX } from './prefix.js';

export function bucketMetrics(registers: Registry[]) {
  return {
    bucketRequests: new Counter({
      name: `${PREFIX}bucket_requests_total`,
      help: 'Requests to buckets, by method (list, get) and what came of them (answered, refused, unavailable)',
      labelNames: ['bucket', 'method', 'outcome'],
      registers,
    }),
    bucketLooks: new Counter({
      name: `${PREFIX}bucket_looks_total`,
      help: 'Looks into buckets for one session each, by what came of them (listed, refused, unavailable)',
      labelNames: ['bucket', 'outcome'],
      registers,
    }),
  };
}
