import { jest } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { disturbances, type Disturbance } from '../../bench/wire/disturbances.js';
import { openWireWorld, type WireWorld } from '../../bench/wire/wire-world.js';
import { createTestDatabase } from '../support/database.js';
import { clearAfterEach } from '../support/leftovers.js';
import { startSlowWire, type SlowWire } from '../support/slow-wire.js';

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
