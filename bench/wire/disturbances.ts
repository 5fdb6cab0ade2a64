import { setTimeout as wait } from 'node:timers/promises';
import { NO_FAULTS, type FakeAgora } from '../../src/simulator/fake-agora.js';

/** What the network, or Agora, does for a while. Left as it found them. */
export type Disturbance = (agora: FakeAgora) => Promise<void>;

const LATENCY_MS = 100;

/** Answers after a tenth of a second, nothing else. */
export const CALM = { ...NO_FAULTS, latencyMs: LATENCY_MS };

/** By name; `queryTimeoutMs` is the askers'. */
export function disturbances(queryTimeoutMs: number): ReadonlyMap<string, Disturbance> {
  const during = async (agora: FakeAgora, faults: Partial<typeof CALM>, ms: number): Promise<void> => {
    agora.setFaults(faults);
    await wait(ms);
    agora.setFaults(CALM);
  };
  return new Map<string, Disturbance>([
    ['none', (agora) => during(agora, CALM, 2_000)],
    ['answers stalled', (agora) => during(agora, { latencyMs: queryTimeoutMs * 0.9 }, queryTimeoutMs * 2)],
    ['answers held, then all at once', (agora) => during(agora, { answers: 'held' }, queryTimeoutMs * 0.8)],
    ['answers held beyond the timeout', (agora) => during(agora, { answers: 'held' }, queryTimeoutMs * 1.6)],
    ['connections reset', (agora) => during(agora, { reset: 0.2 }, 1_500)],
    ['half-open host, first answer slow', halfOpen(queryTimeoutMs)],
  ]);
}

/** Nothing is answered until the breakers are open; then the query that tries the host waits for long. */
function halfOpen(queryTimeoutMs: number): Disturbance {
  return async (agora) => {
    agora.setFaults({ answers: 'never' });
    await wait(queryTimeoutMs + 500);
    agora.setFaults({ ...CALM, latencyMs: queryTimeoutMs * 0.6 });
    await wait(queryTimeoutMs);
    agora.setFaults(CALM);
  };
}
