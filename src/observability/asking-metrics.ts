import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { PREFIX } from './prefix.js';

/** What a process counts that asks Agora. */
export function askingMetrics(registers: Registry[]) {
  return {
    queries: new Counter({
      name: `${PREFIX}queries_total`,
      help: 'Queries asked by this process, by account, what they were for, and what came back',
      labelNames: ['account', 'class', 'outcome'],
      registers,
    }),
    queriesInFlight: new Gauge({
      name: `${PREFIX}queries_in_flight`,
      help: 'Queries of this process that have a slot and no answer yet',
      labelNames: ['account'],
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
  };
}
