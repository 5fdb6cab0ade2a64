import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Tests start processes out of dist/, so dist/ has to be what src/ says. Costs nothing if it is. */
export function buildIfStale() {
  const client = join('src', 'generated', 'prisma', 'client.ts');
  if (changedAt(client) < changedAt('prisma/schema.prisma')) run(['scripts/prisma-generate.mjs']);
  const mark = join('dist', '.tsbuildinfo');
  const isBuilt = existsSync(join(root, 'dist', 'commonjs', 'package.json'));
  if (isBuilt && changedAt(mark) >= newestIn('src')) return;
  const started = new Date();
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript')), 'tsc.js');
  if (!run([tsc, '-p', 'tsconfig.build.json'])) {
    console.error('dist/ was built in spite of the errors above.');
    return;
  }
  run(['scripts/after-build.mjs']);
  // The compiler leaves its mark alone when nothing that matters has changed.
  utimesSync(join(root, mark), started, started);
}

function run(args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  return status === 0;
}

function newestIn(folder) {
  const entries = readdirSync(join(root, folder), { recursive: true });
  return Math.max(...entries.map((entry) => changedAt(join(folder, entry))));
}

function changedAt(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
