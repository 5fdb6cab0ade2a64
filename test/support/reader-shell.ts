import { execFile } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProgram, type TestProcess } from './processes.js';
import { createTestFolder } from './folder.js';

/** What a command did. `statuses` are of the answers that its calls of curl got. */
export type Done = { code: number; stdout: string; stderr: string; statuses: readonly number[] };

/** A terminal in a folder that is as after a fresh `npm ci`: what one command sets, the next one finds. */
export type ReaderShell = {
  folder: string;
  run: (text: string) => Promise<Done>;
  /** Runs a line that goes on until it is told to stop. */
  start: (line: string) => TestProcess;
  get: (name: string) => string;
};

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OF_THE_CLONE = ['dist', 'docs', 'node_modules', 'package.json', 'prisma', 'scripts'];
const PATIENCE_MS = 60_000;
const MARK = 'answered with status';

export async function openReaderShell(given: Readonly<Record<string, string>>): Promise<ReaderShell> {
  const folder = await createTestFolder('reader-');
  for (const name of OF_THE_CLONE) await symlink(join(ROOT, name), join(folder, name));
  await writeFile(join(folder, '.curlrc'), `write-out = "%{stderr}${MARK} %{http_code}\\n"\n`);
  const kept = join(folder, '.environment');
  // An empty SPOOL_DIR is the default one, in this folder.
  let env: Record<string, string> = { HOME: folder, CURL_HOME: folder, SPOOL_DIR: '', ...given };
  return {
    folder,
    run: async (text) => {
      const done = await execute(`set -a\n${text}\nenv -0 > '${kept}'`, folder, env);
      if (done.code === 0) env = parseEnvironment(await readFile(kept, 'utf8'));
      return done;
    },
    // Its signals are for npm, not for a shell that waits for it.
    start: (line) => startProgram('/bin/sh', ['-c', line.replace(/\bnpm /, 'exec npm ')], { cwd: folder, env }),
    get: (name) => env[name] ?? '',
  };
}

function execute(script: string, cwd: string, env: Record<string, string>): Promise<Done> {
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-ec', script], { cwd, env, timeout: PATIENCE_MS }, (error, stdout, stderr) => {
      const statuses = [...stderr.matchAll(new RegExp(`${MARK} (\\d+)`, 'g'))].map(([, status]) => Number(status));
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ code, stdout, stderr, statuses });
    });
  });
}

function parseEnvironment(text: string): Record<string, string> {
  const lines = text.split('\0').filter((line) => line.includes('='));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}
