import { setTimeout as wait } from 'node:timers/promises';
import type { Account } from '../../src/asking/account.js';
import { queueRoom } from '../../src/reconcile/pacing.js';
import { startFakeAgora, type FakeAgora } from '../../src/simulator/fake-agora.js';
import { openAsker, type Asker } from './asker.js';
import { CALM, type Disturbance } from './disturbances.js';

const PROCESSES = 3;
/** As of AGORA_QPS_SHARE. */
const SHARE = 0.9;
/** On top of a timeout: until what a disturbance left behind has passed the wire. */
const AFTERMATH_MS = 500;
/** The longest that a breaker leaves a host alone, and the query that tries it then. */
const RECOVERED_WITHIN_MS = 45_000;
const BUSY = 8;

/** What happened on the wire: counted where queries arrive. */
export type WireRun = { worstSecond: number; perSecond: number };

export type WireWorld = {
  agora: FakeAgora;
  run: (disturbance: Disturbance) => Promise<WireRun>;
  /** The share of the allowed rate that is used in so many milliseconds without disturbance. */
  shareUsed: (ms: number) => Promise<number>;
  close: () => Promise<void>;
};

/** Several processes' worth of asking, as much as they may, of one account of a fake Agora. */
export async function openWireWorld(
  url: string,
  limit: number,
  queryTimeoutMs: number,
  through: (port: number) => Promise<number> = (port) => Promise.resolve(port),
): Promise<WireWorld> {
  const customer = { customerId: 'wire', customerSecret: 'wire' };
  const agora = await startFakeAgora({
    accounts: [{ ...customer, appIds: ['wire'] }],
    limitPerSecond: limit,
    seed: limit,
    speed: 1,
    now: Date.now,
    findSession: () => undefined,
  });
  agora.setFaults(CALM);
  const perSecond = limit * SHARE;
  const account: Account = { name: 'wire', ...customer, limit, perSecond, appIds: ['wire'], appLimits: new Map() };
  const port = await through(Number(new URL(agora.url).port));
  const baseUrl = `http://127.0.0.1:${String(port)}`;
  const askers = Array.from({ length: PROCESSES }, () => openAsker({ url, baseUrl, account, queryTimeoutMs }));
  const working = Promise.all(askers.map((asker) => asker.run(limit + queueRoom(perSecond))));
  const rate = async (during: () => Promise<unknown>): Promise<number> => {
    const [before, from] = [agora.log.total(), performance.now()];
    await during();
    return ((agora.log.total() - before) * 1000) / (performance.now() - from);
  };
  return {
    agora,
    run: async (disturbance) => {
      agora.log.forgetWorst();
      const perSecondThen = await rate(() => disturbance(agora));
      await wait(queryTimeoutMs + AFTERMATH_MS);
      await askedAgain(agora);
      return { worstSecond: agora.log.worstSecond(), perSecond: perSecondThen };
    },
    shareUsed: async (ms) => (await rate(() => wait(ms))) / perSecond,
    close: () => end(agora, askers, working),
  };
}

/** Breakers that have opened again and again stay so for long; the next one begins with a busy wire. */
async function askedAgain({ log }: FakeAgora): Promise<void> {
  const before = log.total();
  const giveUpAt = performance.now() + RECOVERED_WITHIN_MS;
  while (log.total() < before + BUSY && performance.now() < giveUpAt) await wait(20);
}

async function end(agora: FakeAgora, askers: readonly Asker[], working: Promise<unknown>): Promise<void> {
  for (const asker of askers) asker.stop();
  await working;
  await Promise.all(askers.map((asker) => asker.close()));
  await agora.close();
}
