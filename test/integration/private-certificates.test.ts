import { chmod, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../src/embedded/free-port.js';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { openQueueBackend } from '../../src/jobs/backend.js';
import type { RedisAccess } from '../../src/jobs/redis-connections.js';
import { createTestFolder } from '../support/folder.js';
import { clearAfterEach } from '../support/leftovers.js';
import { startNode, startProgram } from '../support/processes.js';
import { startOwnRedis } from '../support/own-redis.js';
import { accessTo, describeWithRedis } from '../support/redis.js';
import { waitFor } from '../support/wait-for.js';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
const AUTHORITY = fixture('private-ca.pem');
/** A certificate for localhost and 127.0.0.1, and its key. */
const SIGNED = fixture('signed-by-private-ca.pem');

const leftovers = clearAfterEach();

const TUNING = { concurrency: 1, lockDuration: 2_000, stalledInterval: 1_000, maxStalledCount: 3 };

/** Adds a job and waits until a worker has done it; what went wrong instead of it. */
async function doAJob(redis: RedisAccess, deadlineMs: number): Promise<{ isDone: boolean; errors: string[] }> {
  const errors: string[] = [];
  const backend = openQueueBackend({ kind: 'redis', redis, ledgerId: 'test' }, (error) => errors.push(String(error)));
  const done = { isDone: false };
  const queue = backend.queue('one');
  const worker = backend.worker('one', () => Promise.resolve((done.isDone = true)), TUNING);
  const add = (): void => void queue.add('one', {}, { jobId: 'the-one' }).catch(() => undefined);
  const adding = setInterval(add, 200);
  await waitFor(() => done.isDone, { deadlineMs }).catch(() => undefined);
  clearInterval(adding);
  if (done.isDone) await Promise.all([worker.close(), queue.close()]);
  else void Promise.allSettled([worker.close(true), queue.close()]);
  await backend.close();
  return { ...done, errors };
}

describeWithRedis(
  'a Redis with TLS, a certificate of its own authority, and a user that may do no more than it has to',
  () => {
    const USER = 'ledger on >p@ss/w:rd ~{recording-ledger-* &{recording-ledger-* +@all -@dangerous +info';

    it('does the jobs of who trusts the authority and has the password', async () => {
      const [port, dir] = [await freePort('127.0.0.1'), await createTestFolder('redis-tls-')];
      const tls = ['--tls-port', String(port), '--tls-cert-file', SIGNED, '--tls-key-file', SIGNED];
      const trust = ['--tls-ca-cert-file', AUTHORITY, '--tls-auth-clients', 'no'];
      startProgram('redis-server', [
        '--port',
        '0',
        ...tls,
        ...trust,
        '--dir',
        dir,
        '--save',
        '',
        '--user',
        ...USER.split(' '),
        '--user',
        'default',
        'off',
      ]);
      const access: RedisAccess = {
        place: { kind: 'single', url: `rediss://localhost:${String(port)}` },
        username: 'ledger',
        password: 'p@ss/w:rd',
        tls: { ca: await readFile(AUTHORITY, 'utf8') },
      };
      expect(await doAJob(access, 20_000)).toMatchObject({ isDone: true });
      const distrusting = await doAJob({ ...access, tls: { ca: null } }, 1_500);
      expect(distrusting.isDone).toBe(false);
      expect(distrusting.errors.join()).toMatch(/certificate/);
      const stranger = await doAJob({ ...access, password: 'another' }, 1_500);
      expect(stranger.errors.join()).toMatch(/WRONGPASS/);
    });
  },
);

describeWithRedis('a Redis that may evict keys', () => {
  it('is a warning for as long as it is so', async () => {
    const evicting = await startOwnRedis(['--maxmemory-policy', 'allkeys-lru']);
    leftovers.push(evicting.kill);
    const errors: string[] = [];
    const redis = accessTo(evicting.url);
    const backend = openQueueBackend({ kind: 'redis', redis, ledgerId: 'test' }, ({ message }) => errors.push(message));
    await waitFor(() => backend.warnings().length > 0, { deadlineMs: 5_000, what: 'a warning' });
    const warning = expect.stringMatching(
      /^Redis has maxmemory-policy allkeys-lru: set maxmemory-policy to noeviction/,
    );
    expect({ warnings: backend.warnings(), errors }).toEqual({ warnings: [warning], errors: [warning] });
    await backend.close();
  });
});

describe('a Postgres with a certificate of its own authority', () => {
  it('is migrated where the URL names the authority, and refused where it does not', async () => {
    const folder = await createTestFolder('postgres-tls-');
    const key = join(await createTestFolder('postgres-key-'), 'key.pem');
    await copyFile(SIGNED, key);
    await chmod(key, 0o600);
    const server = await startEmbeddedPostgres({
      dataDir: folder,
      log: () => undefined,
      settings: { fsync: 'off', ssl: 'on', ssl_cert_file: key, ssl_key_file: key },
    });
    leftovers.push(server.stop);
    const url = new URL(server.url);
    url.hostname = 'localhost';
    const migrate = async (parameters: string): Promise<string> => {
      url.search = parameters;
      const command = startNode(['dist/cli/main.js', 'migrate'], { env: { DATABASE_URL: url.href } });
      await command.ended;
      return command.output();
    };
    expect(await migrate('sslmode=verify-full')).toMatch(/does not let us in \(.*certificate/);
    expect(await migrate(`sslmode=verify-full&sslrootcert=${AUTHORITY}`)).toMatch(/^Applied: /);
  });
});
