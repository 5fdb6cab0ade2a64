import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPostgresBinaries } from '../../src/embedded/postgres-binaries.js';

function library(): string | null {
  return process.env['LEDGER_TEST_FAKETIME'] || null;
}

/** Without libfaketime these suites do not run; the run has said so in one of its first lines. */
export const describeWithFaketime = library() === null ? describe.skip : describe;

export type SteppedClock = {
  /** Of a process whose wall clock is to be stepped; its monotonic clock goes on evenly. */
  env: Readonly<Record<string, string>>;
  /** By how much the wall clock differs from the true one, from now on. */
  stepTo: (seconds: number) => void;
};

/** A wall clock that can be set while processes run by it. Its file is kept in this folder. */
export function createSteppedClock(folder: string): SteppedClock {
  const file = join(folder, 'faketime');
  const stepTo = (seconds: number): void => {
    writeFileSync(file, `${seconds < 0 ? '-' : '+'}${String(Math.abs(seconds))}s\n`);
  };
  stepTo(0);
  const env = {
    LD_PRELOAD: library() ?? '',
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
  };
  return { env, stepTo };
}

/** A folder of programs whose `postgres` runs by that clock. */
export async function steppedPostgres(folder: string, { env }: SteppedClock): Promise<string> {
  const real = await findPostgresBinaries();
  const binDir = join(folder, 'bin');
  mkdirSync(binDir);
  const settings = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  script(join(binDir, 'initdb'), `exec '${real.initdb}' "$@"`);
  script(join(binDir, 'postgres'), `${settings.join(' ')} exec '${real.postgres}' "$@"`);
  return binDir;
}

function script(file: string, line: string): void {
  writeFileSync(file, `#!/bin/sh\n${line}\n`);
  chmodSync(file, 0o755);
}
