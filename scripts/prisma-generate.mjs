// Generates Prisma's client into src/generated. Prisma's command line downloads its schema engine
// before anything else, from a host that is often closed, and generating does not even use it: so it
// is shown a program that does nothing. Migrations are applied as plain SQL (src/db/migrations/migrate.ts).
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const prismaPackage = createRequire(import.meta.url).resolve('prisma/package.json');
const prisma = join(dirname(prismaPackage), 'build', 'index.js');
const doesNothing = ['/bin/true', '/usr/bin/true'].find((path) => existsSync(path));

const { status, stdout, stderr } = spawnSync(process.execPath, [prisma, 'generate'], {
  cwd: root,
  encoding: 'utf8',
  env: {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: doesNothing ?? process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  },
});
if (status !== 0) {
  process.stderr.write(`${stdout}${stderr}`);
  process.exitCode = status ?? 1;
}
