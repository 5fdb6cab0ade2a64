import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { createTestDatabase } from '../support/database.js';
import { endProcesses } from '../support/processes.js';
import { createTestRedis, describeWithRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';
import { openWorld, type TestWorld } from '../support/world.js';

const RUN = { sessions: 14, seconds: 42, settlingSeconds: 26 };
const PATIENCE = 90_000;

/** What a test leaves behind also when it fails. */
const leftovers: (() => Promise<void>)[] = [];

afterEach(async () => {
  await endProcesses();
  for (const clear of leftovers.splice(0)) await clear();
});

async function elapsed(world: TestWorld, seconds: number): Promise<void> {
  const passed = (): boolean => world.simulation.progress().elapsedMs >= seconds * 1_000;
  await waitFor(passed, { deadlineMs: PATIENCE, what: `second ${String(seconds)} of the run` });
}

async function expectPerfect(world: TestWorld): Promise<void> {
  await world.simulation.done;
  const score = world.simulation.score();
  const { overLimit, worstSecond } = world.simulation.progress();
  await world.close();
  const { wrongEnds, forgotten, wrongOutcomes } = score;
  if (wrongEnds + forgotten + wrongOutcomes + overLimit > 0) console.info(world.lastWords());
  expect(score).toMatchObject({ sessions: RUN.sessions, over: RUN.sessions });
  expect({ wrongEnds, forgotten, wrongOutcomes }).toEqual({ wrongEnds: 0, forgotten: 0, wrongOutcomes: 0 }); // prettier-ignore
  expect(overLimit).toBe(0);
  expect(worstSecond).toBeLessThanOrEqual(10);
}

/** As `pg_ctl stop -m immediate` does: no goodbye, and recovery from the log at the next start. */
async function stopImmediately(dataDir: string): Promise<void> {
  const file = await readFile(path.join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8');
  process.kill(Number(file.split('\n')[0]), 'SIGQUIT');
}

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
    await expectPerfect(world);
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
    await expectPerfect(world);
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
    await expectPerfect(world);
    for (const service of [front, second]) {
      service.kill('SIGTERM');
      expect(await service.ended).toEqual({ code: 0, signal: null });
    }
    await redis.drop();
    await database.drop();
  });
});
