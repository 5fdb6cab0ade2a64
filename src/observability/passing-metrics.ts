import { Counter, Gauge, type Registry } from 'prom-client';
import { PREFIX } from './prefix.js';

/** What a process counts that passes calls on to Agora. */
export function passingMetrics(registers: Registry[]) {
  return {
    callsPassed: new Counter({
      name: `${PREFIX}calls_passed_total`,
      help: 'Calls passed on to Agora and answered there, by account, method, and the class of status',
      labelNames: ['account', 'method', 'status'],
      registers,
    }),
    callsRefused: new Counter({
      name: `${PREFIX}calls_refused_total`,
      help: 'Calls that Agora did not answer, by account and why: no_slot, unreachable, broken, too_slow, too_large',
      labelNames: ['account', 'reason'],
      registers,
    }),
    /** `entries`: what calls told that is not recorded yet. */
    watchCalls: (entries: () => number): void => {
      for (const registry of registers) registry.removeSingleMetric(`${PREFIX}calls_not_recorded`);
      new Gauge({
        name: `${PREFIX}calls_not_recorded`,
        help: 'Passed-on calls whose evidence is in the journal of this process and not in Postgres yet',
        registers,
        collect() {
          this.set(entries());
        },
      });
    },
  };
}
