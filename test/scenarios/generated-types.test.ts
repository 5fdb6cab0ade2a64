import { cp, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import { createTestDatabase } from '../support/database.js';
import { createTestFolder } from '../support/folder.js';
import { clearAfterEach } from '../support/leftovers.js';
import { startNode } from '../support/processes.js';
import { expectPerfect } from '../support/run.js';
import { openWorld } from '../support/world.js';

jest.setTimeout(300_000);

const leftovers = clearAfterEach();
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SESSIONS = 12;

async function run(...args: string[]): Promise<string> {
  const program = startNode(args, { env: {} });
  const { code } = await program.ended;
  if (code !== 0) throw new Error(program.output());
  return program.output();
}

const CONFIG = {
  compilerOptions: {
    strict: true,
    target: 'es2022',
    module: 'nodenext',
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [path.join(ROOT, 'node_modules/@types')],
  },
};

/** The script, compiled against types that another's generator made of the document of a running service. */
async function compiled(apiUrl: string): Promise<string> {
  const folder = path.join(await createTestFolder('types-'), 'follower');
  await mkdir(folder);
  await writeFile(path.join(folder, 'openapi.json'), await (await fetch(`${apiUrl}/openapi.json`)).text());
  await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(CONFIG));
  await cp(path.join(ROOT, 'test/fixtures/follow-world.ts.txt'), path.join(folder, 'follow-world.ts'));
  const [document, types] = [path.join(folder, 'openapi.json'), path.join(folder, 'types.ts')];
  await run(path.join(ROOT, 'node_modules/openapi-typescript/bin/cli.js'), document, '-o', types);
  await run(path.join(ROOT, 'node_modules/typescript/lib/tsc.js'), '-p', folder);
  return path.join(folder, 'follow-world.js');
}

it('a script that knows /openapi.json alone compiles, and follows a world to its end through the feed', async () => {
  const database = await createTestDatabase();
  const env = { DATABASE_URL: database.url };
  const world = await openWorld({ sessions: SESSIONS, seconds: 20, settlingSeconds: 10, seed: 13, env });
  leftovers.push(world.close, database.drop);
  const service = await world.startProcess('receiver,api,jobs');
  leftovers.push(async () => {
    service.kill('SIGTERM');
    await service.ended;
  });
  const followed = compiled(world.apiUrl).then((script) => run(script, world.apiUrl, String(SESSIONS)));
  await expectPerfect(world, SESSIONS);
  const told = JSON.parse(await followed) as { sid: string; state: string; outcome: string }[];
  const response = await fetch(`${world.apiUrl}/v1/sessions?limit=500`);
  const { sessions } = (await response.json()) as { sessions: typeof told };
  const inOrder = (some: typeof told) => some.map(({ sid, state, outcome }) => `${sid} ${state} ${outcome}`).sort();
  expect(inOrder(told)).toEqual(inOrder(sessions));
  expect(told).toHaveLength(SESSIONS);
});
