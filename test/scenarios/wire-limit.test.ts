import { jest } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { disturbances, type Disturbance } from '../../bench/wire/disturbances.js';
import { openWireWorld, type WireWorld } from '../../bench/wire/wire-world.js';
import { NO_FAULTS } from '../../src/simulator/fake-agora.js';
import { createTestDatabase } from '../support/database.js';
import { clearAfterEach } from '../support/leftovers.js';
import { endProcesses } from '../support/processes.js';
import { elapsed } from '../support/run.js';
import { startSlowWire, type SlowWire } from '../support/slow-wire.js';
import { openWorld } from '../support/world.js';

/** Breakers may have to be waited for after each disturbance. */
jest.setTimeout(300_000);

const LIMITS = [10, 50, 500];
const QUERY_TIMEOUT_MS = 800;

const leftovers = clearAfterEach();

async function openWorldOf(limit: number): Promise<WireWorld & { wire: SlowWire }> {
  const database = await createTestDatabase();
  leftovers.push(database.drop);
  const wires: SlowWire[] = [];
  const world = await openWireWorld(database.url, limit, QUERY_TIMEOUT_MS, async (port) => {
    const wire = await startSlowWire(port);
    wires.push(wire);
    return wire.port;
  });
  const [wire] = wires;
  if (wire === undefined) throw new Error('the world has no wire');
  leftovers.unshift(world.close, wire.close);
  return { ...world, wire };
}

/** What happens before a query arrives: connections take long, and the network delivers late and at once. */
function onTheWay(wire: SlowWire): ReadonlyMap<string, Disturbance> {
  const slowHandshakes: Disturbance = async (agora) => {
    wire.setHandshake(QUERY_TIMEOUT_MS * 0.7);
    agora.setFaults({ reset: 0.2 }); // so that many need a new connection
    await wait(1_500);
    wire.setHandshake(0);
    agora.setFaults({ reset: 0 });
  };
  const heldFor =
    (ms: number): Disturbance =>
    async () => {
      wire.hold();
      await wait(ms);
      wire.letGo();
    };
  return new Map([
    ['slow handshakes', slowHandshakes],
    ['queries held, then delivered at once', heldFor(QUERY_TIMEOUT_MS * 0.8)],
    ['queries delivered after their timeout', heldFor(QUERY_TIMEOUT_MS * 1.7)],
  ]);
}

async function worstSeconds(limit: number): Promise<Record<string, number>> {
  const world = await openWorldOf(limit);
  const worst: Record<string, number> = {};
  for (const [name, disturbance] of [...disturbances(QUERY_TIMEOUT_MS), ...onTheWay(world.wire)]) {
    worst[name] = (await world.run(disturbance)).worstSecond;
  }
  return worst;
}

const WANTED_SHARE = 0.95;
const WINDOW_MS = 6_000;
const WINDOWS = 3;

describe('what arrives at Agora in any second', () => {
  it('is no more than the limit, whatever the network does', async () => {
    const all = await Promise.all(LIMITS.map(worstSeconds));
    LIMITS.forEach((limit, n) => {
      console.info(`limit ${String(limit)}: ${JSON.stringify(all[n])}`);
      expect(Math.max(...Object.values(all[n] ?? {}))).toBeLessThanOrEqual(limit);
      expect(Math.min(...Object.values(all[n] ?? {}))).toBeGreaterThan(0);
    });
  });

  it('is nearly all that is allowed, at a latency of 100 ms', async () => {
    const world = await openWorldOf(10);
    await wait(1_500);
    const shares: number[] = [];
    while (shares.length < WINDOWS && Math.max(0, ...shares) < WANTED_SHARE)
      shares.push(await world.shareUsed(WINDOW_MS));
    console.info(`share of the allowed rate: ${shares.map((share) => share.toFixed(3)).join(', ')}`);
    expect(Math.max(...shares)).toBeGreaterThanOrEqual(WANTED_SHARE);
    expect(world.agora.log.worstSecond()).toBeLessThanOrEqual(10);
  });
});

describe('whole processes', () => {
  it('keep to the limit through an outage, its slow first answers, one of them being killed and one frozen', async () => {
    const database = await createTestDatabase();
    const world = await openWorld({
      sessions: 120,
      seconds: 60,
      settlingSeconds: 1,
      seed: 51,
      profile: { meanLifeMs: 36_000_000, failoversPerHour: 0 },
      env: { DATABASE_URL: database.url, QUERY_TIMEOUT_MS: '1500' },
    });
    leftovers.push(world.close, () => endProcesses(), database.drop);
    await world.startProcess('receiver,api');
    const jobs = [await world.startProcess('jobs'), await world.startProcess('jobs')];
    const from = world.simulation.progress().elapsedMs / 1_000;
    const until = (seconds: number): Promise<void> => elapsed(world, from + seconds);
    await until(3);
    world.agora.setFaults({ answers: 'held' });
    await until(4);
    jobs[0]?.kill('SIGKILL');
    world.agora.setFaults({ answers: 'never' });
    await until(6);
    world.agora.setFaults({ answers: 'given', latencyMs: 1_200 });
    await until(9);
    const before = world.agora.log.total();
    world.agora.setFaults(NO_FAULTS);
    await until(11);
    jobs[1]?.kill('SIGSTOP'); // for longer than a slot's time to leave
    await until(13);
    jobs[1]?.kill('SIGCONT');
    await until(15);
    expect(world.agora.log.total()).toBeGreaterThan(before);
    expect(world.agora.log.worstSecond()).toBeLessThanOrEqual(10);
  });
});
