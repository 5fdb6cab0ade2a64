import { jest } from '@jest/globals';
import { freePort } from '../../src/embedded/free-port.js';
import { inDatabase } from '../support/acknowledged.js';
import { startBalancer } from '../support/balancer.js';
import { createTestDatabase } from '../support/database.js';
import { clearAfterEach } from '../support/leftovers.js';
import type { TestProcess } from '../support/processes.js';
import { createTestRedis, describeWithRedis } from '../support/redis.js';
import { elapsed, expectPerfect } from '../support/run.js';
import { waitFor } from '../support/wait-for.js';
import { openWorld } from '../support/world.js';

jest.setTimeout(240_000);

/** Sessions live on after the last kill, so that a worker started then still finds some to ask about. */
const RUN = { sessions: 20, seconds: 80, settlingSeconds: 30, profile: { meanLifeMs: 2_400_000 } };
const KILLED_UNTIL_S = 30;
/** On a machine that is slow to start processes, killing goes on for longer. */
const LEAST_KILLS = 6;

const leftovers = clearAfterEach();

/** Sessions without a next query, answers that are stored twice, evidence that was left unfolded. */
async function mistakes(url: string): Promise<object | undefined> {
  const { rows } = await inDatabase(url, (client) =>
    client.query<object>(
      `select (select json_agg(json_build_array(sessions.sid, sessions.session)) from sessions where sessions.state not in ('ended', 'failed')
               and not exists (select from query_schedule where query_schedule.sid = sessions.sid)) as unscheduled,
            (select count(*)::int from (select from observations as a group by a.sid, a.asked_at having count(*) > 1) as twice) as doubled,
            (select count(*)::int from pending_evidence) as pending`,
    ),
  );
  return rows[0];
}

describeWithRedis('two receivers and three workers on one Postgres and one Redis', () => {
  it('are right, and share the work, whichever of them is killed when', async () => {
    const [database, redis] = [await createTestDatabase(), await createTestRedis()];
    const ports = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
    const balancer = await startBalancer(() => ports);
    const world = await openWorld({
      ...RUN,
      seed: 41,
      env: { DATABASE_URL: database.url, REDIS_URL: redis.url, LOG_LEVEL: 'debug' },
      receiverUrl: balancer.url,
    });
    leftovers.push(world.close, balancer.close, redis.drop, database.drop);
    const starts = [
      ...ports.map((port) => () => world.startProcess('receiver', { RECEIVER_PORT: String(port) })),
      ...[1, 2, 3].map(() => () => world.startProcess('jobs')),
    ];
    await world.startProcess('api');
    const running = await Promise.all(starts.map((start) => start()));
    const all: TestProcess[] = [...running];
    const isEarly = (): boolean => world.simulation.progress().elapsedMs < KILLED_UNTIL_S * 1_000;
    for (let kill = 0; kill < LEAST_KILLS || isEarly(); kill += 1) {
      const victim = (kill * 3) % starts.length;
      running[victim]?.kill('SIGKILL');
      await running[victim]?.ended;
      const next = await starts[victim]?.();
      if (next !== undefined) all.push((running[victim] = next));
      await elapsed(world, world.simulation.progress().elapsedMs / 1_000 + 1);
    }
    const workers = running.slice(ports.length);
    const asks = (): boolean => workers.every((worker) => worker.output().includes('query.answered'));
    await waitFor(asks, { deadlineMs: 40_000, what: 'a query of each worker' });
    await expectPerfect(world, RUN.sessions);
    expect(await mistakes(database.url)).toEqual({ unscheduled: null, doubled: 0, pending: 0 });
    for (const service of running) {
      service.kill('SIGTERM');
      expect(await service.ended).toEqual({ code: 0, signal: null });
    }
    expect(all.length).toBeGreaterThan(starts.length + 5);
  });
});
