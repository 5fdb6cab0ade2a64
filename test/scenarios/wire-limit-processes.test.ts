import { jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NO_FAULTS } from '../../src/simulator/fake-agora.js';
import { createTestDatabase } from '../support/database.js';
import { clearAfterEach } from '../support/leftovers.js';
import { endProcesses } from '../support/processes.js';
import { elapsed } from '../support/run.js';
import { startSlowWire, type SlowWire } from '../support/slow-wire.js';
import { waitFor } from '../support/wait-for.js';
import { openWorld, type TestWorld } from '../support/world.js';

jest.setTimeout(120_000);

/** A certificate for 127.0.0.1 and its key, for these tests alone. */
const CERTIFICATE = fileURLToPath(new URL('../fixtures/loopback.pem', import.meta.url));
const HANDSHAKE_MS = 400;
/** Sessions that ask for more than the limit allows while they are looked for all at once. */
const SESSIONS = { 10: 60, 50: 200, 500: 300 } as const;
/** So many queries show that asking goes on. Two cores that all processes share do not come near a limit of 500. */
const BUSY = { 10: 20, 50: 100, 500: 100 } as const;

const leftovers = clearAfterEach();

async function openWorldBehindTls(limit: 10 | 50 | 500): Promise<{ world: TestWorld; wire: SlowWire }> {
  const database = await createTestDatabase();
  const opened: { wire?: SlowWire } = {};
  const world = await openWorld({
    sessions: SESSIONS[limit],
    seconds: null,
    settlingSeconds: 1,
    seed: 51,
    limit,
    profile: { meanLifeMs: 36_000_000, failoversPerHour: 0 },
    env: { DATABASE_URL: database.url, QUERY_TIMEOUT_MS: '1500', NODE_EXTRA_CA_CERTS: CERTIFICATE },
    baseUrls: async (agoraUrl) => {
      opened.wire = await startSlowWire(Number(new URL(agoraUrl).port), readFileSync(CERTIFICATE));
      return `https://127.0.0.1:${String(opened.wire.port)}`;
    },
  });
  const { wire } = opened;
  if (wire === undefined) throw new Error('the world has no wire');
  leftovers.push(world.close, wire.close, () => endProcesses(), database.drop);
  return { world, wire };
}

describe('what arrives at Agora from whole processes, over TLS', () => {
  it.each([10, 50, 500] as const)(
    'is at most %i in any second through an outage, slow answers and handshakes, a process killed and one frozen',
    async (limit) => {
      const { world, wire } = await openWorldBehindTls(limit);
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
      wire.setHandshake(HANDSHAKE_MS);
      world.agora.setFaults({ ...NO_FAULTS, reset: 0.2 }); // so that many need a new connection
      await until(12);
      wire.setHandshake(0);
      world.agora.setFaults(NO_FAULTS);
      await until(13);
      jobs[1]?.kill('SIGSTOP'); // for longer than a slot's time to leave
      await until(15);
      jobs[1]?.kill('SIGCONT');
      await until(16);
      const asked = (): number => world.agora.log.total() - before;
      await waitFor(() => asked() > BUSY[limit], { deadlineMs: 60_000, what: `queries after the outage` });
      console.info(
        `limit ${String(limit)}: worst second ${String(world.agora.log.worstSecond())}, ${String(asked())} asked since the outage`,
      );
      expect(world.agora.log.worstSecond()).toBeLessThanOrEqual(limit);
    },
  );
});
