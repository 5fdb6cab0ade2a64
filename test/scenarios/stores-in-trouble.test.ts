import { jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { clearAfterEach } from '../support/leftovers.js';
import { startOwnRedis } from '../support/own-redis.js';
import { describeWithRedis } from '../support/redis.js';
import { elapsed, expectPerfect } from '../support/run.js';
import { stopImmediately } from '../support/stop-postgres.js';
import { waitFor } from '../support/wait-for.js';
import { openWorld } from '../support/world.js';

jest.setTimeout(150_000);

const leftovers = clearAfterEach();

describeWithRedis('a Redis and a Postgres in trouble', () => {
  it('Redis paused for 20 s, killed and empty, then Postgres stopped: asking goes on within 30 s of each', async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'recording-ledger-faults-'));
    const said: string[] = [];
    const postgres = await startEmbeddedPostgres({
      dataDir,
      log: (event) => void said.push(event),
    });
    leftovers.push(postgres.stop, () => rm(dataDir, { recursive: true }));
    const redis = await startOwnRedis();
    leftovers.push(redis.kill);
    const run = { sessions: 16, seconds: 84, settlingSeconds: 40 };
    const world = await openWorld({
      ...run,
      seed: 22,
      env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url },
    });
    leftovers.unshift(world.close);
    const services = [await world.startProcess('receiver,api'), await world.startProcess('jobs')];
    const askingGoesOn = async (after: string): Promise<void> => {
      const before = world.agora.log.total();
      await waitFor(() => world.agora.log.total() > before, { deadlineMs: 30_000, what: `a query after ${after}` });
    };
    await elapsed(world, 5);
    redis.pause();
    await elapsed(world, 25);
    redis.goOn();
    await askingGoesOn('Redis was paused');
    await redis.kill();
    await redis.start();
    await askingGoesOn('Redis was killed');
    await stopImmediately(dataDir);
    const healed = (): boolean => said.includes('embedded_postgres.healed');
    await waitFor(healed, { deadlineMs: 20_000, what: 'Postgres to come back' });
    await askingGoesOn('Postgres was stopped');
    await expectPerfect(world, run.sessions);
    for (const service of services) {
      service.kill('SIGTERM');
      expect(await service.ended).toEqual({ code: 0, signal: null });
    }
  });
});
