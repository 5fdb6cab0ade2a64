import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { createTestDatabase } from '../support/database.js';
import { createTestRedis, describeWithRedis } from '../support/redis.js';
import { stopImmediately } from '../support/stop-postgres.js';
import { waitFor } from '../support/wait-for.js';
import { clearAfterEach } from '../support/leftovers.js';
import { elapsed, expectPerfect } from '../support/run.js';
import { openWorld } from '../support/world.js';

const RUN = { sessions: 14, seconds: 42, settlingSeconds: 26 };

const leftovers = clearAfterEach();

describe('the ledger on Postgres alone', () => {
  it('is right after a worker was killed in the middle, and another took over', async () => {
    const database = await createTestDatabase();
    const world = await openWorld({ ...RUN, seed: 11, env: { DATABASE_URL: database.url } });
    const front = await world.startProcess('receiver,api');
    const worker = await world.startProcess('jobs');
    await elapsed(world, 8);
    worker.kill('SIGKILL');
    await worker.ended;
    const other = await world.startProcess('jobs');
    await expectPerfect(world, RUN.sessions);
    for (const service of [front, other]) {
      service.kill('SIGTERM');
      expect(await service.ended).toEqual({ code: 0, signal: null });
    }
    await database.drop();
  });

  it('is right after its Postgres was restarted under it', async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'recording-ledger-restart-'));
    const said: string[] = [];
    const postgres = await startEmbeddedPostgres({
      dataDir,
      log: (event) => void said.push(event),
    });
    leftovers.push(postgres.stop, () => rm(dataDir, { recursive: true }));
    const world = await openWorld({ ...RUN, seed: 12, env: { DATABASE_URL: postgres.url } });
    const service = await world.startProcess('receiver,api,jobs');
    await elapsed(world, 8);
    await stopImmediately(dataDir);
    await waitFor(() => said.includes('embedded_postgres.healed'), {
      deadlineMs: 20_000,
      what: `Postgres to come back; so far: ${said.join(', ')}`,
    });
    await expectPerfect(world, RUN.sessions);
    service.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, signal: null });
  });
});

describeWithRedis('the ledger with its queue on Redis', () => {
  it('is right after a worker was killed and Redis was flushed', async () => {
    const database = await createTestDatabase();
    const redis = await createTestRedis();
    const env = { DATABASE_URL: database.url, REDIS_URL: redis.url };
    const world = await openWorld({ ...RUN, seed: 13, env });
    const front = await world.startProcess('receiver,api');
    const worker = await world.startProcess('jobs');
    const second = await world.startProcess('jobs');
    await elapsed(world, 8);
    worker.kill('SIGKILL');
    const client = new Redis(redis.url);
    await client.flushdb();
    await elapsed(world, 12);
    await client.flushdb();
    await client.quit();
    await expectPerfect(world, RUN.sessions);
    for (const service of [front, second]) {
      service.kill('SIGTERM');
      expect(await service.ended).toEqual({ code: 0, signal: null });
    }
    await redis.drop();
    await database.drop();
  });
});
