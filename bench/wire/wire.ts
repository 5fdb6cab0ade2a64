import { closeDatabase } from '../../src/db/connection/database.js';
import { openBenchDatabase, withBenchServer } from '../bench-server.js';
import { print } from '../print.js';
import { disturbances } from './disturbances.js';
import { openWireWorld } from './wire-world.js';

const LIMITS = [10, 50, 500];
const QUERY_TIMEOUT_MS = 2_000;

/**
 * How many queries arrive in the worst second under each disturbance and limit, several askers taking their
 * slots in one Postgres, and how much of the allowed rate (nine tenths of the limit) is used meanwhile.
 */
export async function wire(): Promise<void> {
  await withBenchServer(async (server) => {
    print('| limit | disturbance | arrivals in the worst second | rate used |');
    print('| ----: | ----------- | ---------------------------: | --------: |');
    for (const limit of LIMITS) {
      const name = `wire_${String(limit)}`;
      await closeDatabase(await openBenchDatabase(server, name));
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      await row(url.href, limit);
    }
  });
}

async function row(url: string, limit: number): Promise<void> {
  const world = await openWireWorld(url, limit, QUERY_TIMEOUT_MS);
  try {
    for (const [name, disturbance] of disturbances(QUERY_TIMEOUT_MS)) {
      const { worstSecond, perSecond } = await world.run(disturbance);
      const used = Math.round((perSecond / (limit * 0.9)) * 100);
      print(`| ${String(limit)} | ${name} | ${String(worstSecond)} | ${String(used)} % |`);
      if (worstSecond > limit) process.exitCode = 1;
    }
  } finally {
    await world.close();
  }
}
