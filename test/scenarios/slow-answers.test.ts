import { jest } from '@jest/globals';
import { fetchDocumented } from '../support/fetch-documented.js';
import { createTestDatabase } from '../support/database.js';
import { clearAfterEach } from '../support/leftovers.js';
import { elapsed } from '../support/run.js';
import { openWorld } from '../support/world.js';

jest.setTimeout(120_000);

const LIMIT = 10;
const TIMEOUT_MS = 4_000;
/** As near to the timeout as 9.5 s are to 10. */
const LATENCY_MS = 3_600;
const REACHABLE = (LIMIT * 1_000) / (LATENCY_MS + 1_000);

const leftovers = clearAfterEach();

type Summary = { truth: { boundMs: number | null }; queries: { limitPerSecond: number; reachablePerSecond: number } };

it('a slow host costs queries: the limit holds, no breaker opens, and the bound rises accordingly', async () => {
  const database = await createTestDatabase();
  const world = await openWorld({
    sessions: 80,
    seconds: 60,
    settlingSeconds: 1,
    seed: 20,
    profile: { meanLifeMs: 36_000_000, failoversPerHour: 0 },
    env: { DATABASE_URL: database.url, QUERY_TIMEOUT_MS: String(TIMEOUT_MS) },
  });
  leftovers.push(world.close, database.drop);
  await world.startProcess('receiver,api,jobs');
  const read = async <T>(path: string): Promise<T> =>
    (await (await fetchDocumented(`${world.apiUrl}${path}`)).json()) as T;
  const from = world.simulation.progress().elapsedMs / 1_000;
  await elapsed(world, from + 10);
  const before = await read<Summary>('/v1/summary');
  world.agora.setFaults({ latencyMs: LATENCY_MS });
  await elapsed(world, from + 22);
  const asked = world.agora.log.total();
  await elapsed(world, from + 36);
  const rate = (world.agora.log.total() - asked) / 14;
  const slow = await read<Summary>('/v1/summary');
  const { warnings } = await read<{ warnings: string[] }>('/readyz');
  console.info(
    `asked ${rate.toFixed(2)} a second; ${JSON.stringify([before.queries, slow.queries])}; bound ${String(before.truth.boundMs)} -> ${String(slow.truth.boundMs)}; ${warnings.join()}`,
  );
  expect(world.agora.log.worstSecond()).toBeLessThanOrEqual(LIMIT);
  expect(world.lastWords()).not.toMatch(/agora\.unreachable/);
  expect(slow.queries.reachablePerSecond).toBeGreaterThan(REACHABLE * 0.75);
  expect(slow.queries.reachablePerSecond).toBeLessThan(REACHABLE * 1.1);
  expect(rate).toBeGreaterThan(slow.queries.reachablePerSecond * 0.75);
  expect(slow.truth.boundMs).toBeGreaterThan(before.truth.boundMs ?? Infinity);
  expect(warnings).toEqual([expect.stringMatching(/can ask 2\.\d of 8\.7 queries a second/)]);
});
