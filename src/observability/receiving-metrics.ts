import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { PREFIX } from './prefix.js';

export type SpoolReading = { entries: number; bytes: number; maxBytes: number; oldestMs: number | null };

/** What a process counts that receives: notifications, and the spool on its disk. */
export function receivingMetrics(registers: Registry[]) {
  return {
    notifications: new Counter({
      name: `${PREFIX}notifications_total`,
      help: 'Notifications received, by what became of them',
      labelNames: ['result'],
      registers,
    }),
    rejected: new Counter({
      name: `${PREFIX}notifications_rejected_total`,
      help: 'Notifications refused, by reason: see notification.rejected in the log for what to mend',
      labelNames: ['reason'],
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
    watchSpool: spoolGauges(registers),
    wakeUpsLost: new Counter({
      name: `${PREFIX}wake_ups_lost_total`,
      help: 'Rings and ticks that the queue did not take: what they were for is found later, by a sweep',
      labelNames: ['of'],
      registers,
    }),
  };
}

/** Absent until somebody says where the spool is read; the last who does so counts. */
function spoolGauges(registers: Registry[]): (read: () => SpoolReading) => void {
  let read: (() => SpoolReading) | null = null;
  const of = (name: string, help: string, pick: (spool: SpoolReading) => number): void => {
    const gauge: Gauge = new Gauge({
      name: `${PREFIX}${name}`,
      help,
      registers,
      collect: () => {
        if (read !== null) gauge.set(pick(read()));
      },
    });
    gauge.remove();
  };
  of('spool_entries', 'Notifications that wait in the spool', ({ entries }) => entries);
  of('spool_bytes', 'What the spool keeps, in bytes', ({ bytes }) => bytes);
  of('spool_max_bytes', 'What the spool may keep, in bytes: beyond it notifications are refused', (it) => it.maxBytes);
  of('spool_oldest_seconds', 'For how long the oldest entry of the spool has waited; 0 where it is empty', secondsOld);
  return (source) => {
    read = source;
  };
}

function secondsOld({ oldestMs }: SpoolReading): number {
  return oldestMs === null ? 0 : Math.max(Date.now() - oldestMs, 0) / 1000;
}
