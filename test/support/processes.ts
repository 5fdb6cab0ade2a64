import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from './wait-for.js';

export type ProcessEnd = { code: number | null; signal: NodeJS.Signals | null };

export type TestProcess = {
  pid: number;
  /** Everything said so far on both channels. */
  output: () => string;
  /** Waits for the output to match; throws, with the output, at the deadline or when the process ends. */
  says: (pattern: RegExp, deadlineMs?: number) => Promise<RegExpExecArray>;
  kill: (signal: NodeJS.Signals) => void;
  /** How it ended, once it has. */
  ended: Promise<ProcessEnd>;
};

export type ProcessOptions = {
  /** Beyond PATH, HOME and a spool of the tests: of their environment nothing else reaches the process. */
  env?: Readonly<Record<string, string>>;
  cwd?: string;
};

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SAYS_DEADLINE_MS = 40_000;

/** Runs `node` with these arguments, paths relative to the package: `startNode(['dist/main.js'])`. */
export function startNode(args: readonly string[], options: ProcessOptions = {}): TestProcess {
  return startProgram(process.execPath, args, options);
}

/** The same for any program: `startProgram('npm', ['run', 'demo'])`. */
export function startProgram(file: string, args: readonly string[], options: ProcessOptions = {}): TestProcess {
  const child = spawn(file, args, {
    cwd: options.cwd ?? ROOT,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      SPOOL_DIR: join(process.env['LEDGER_TEST_FOLDER'] ?? tmpdir(), 'spool'),
      OPS_PORT: '0', // many run at once; who looks at it gives one of its own
      ...options.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const pidFile = writePidFile(child);
  let output = '';
  const collect = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const ended = once(child, 'close').then(([code, signal]): ProcessEnd => {
    running.delete(child);
    rmSync(pidFile, { force: true });
    return { code: code as number | null, signal: signal as NodeJS.Signals | null };
  });
  return {
    pid: child.pid ?? -1,
    output: () => output,
    says: (pattern, deadlineMs = SAYS_DEADLINE_MS) => sees(child, () => output, pattern, deadlineMs),
    kill: (signal) => void child.kill(signal),
    ended,
  };
}

/** For the guard of the run, which ends what a killed run could not end itself. */
function writePidFile(child: ChildProcess): string {
  const pidFile = join(process.env['LEDGER_TEST_FOLDER'] ?? tmpdir(), `process-${child.pid ?? 0}.pid`);
  writeFileSync(pidFile, `${child.pid ?? ''}\n`);
  return pidFile;
}

const running = new Set<ChildProcess>();

/** For `afterEach` or `afterAll`: ends what the tests of this file have left running. */
export async function endProcesses(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const left = [...running];
  await Promise.all(
    left.map(async (child) => {
      const closed = once(child, 'close');
      child.kill(signal);
      await closed;
    }),
  );
}

async function sees(
  child: ChildProcess,
  output: () => string,
  pattern: RegExp,
  deadlineMs: number,
): Promise<RegExpExecArray> {
  const seen = (): RegExpExecArray | 'ended' | null => {
    const match = pattern.exec(output());
    if (match !== null) return match;
    return running.has(child) ? null : 'ended';
  };
  const what = `${String(pattern)}; so far it said:`;
  const result = await waitFor(seen, { deadlineMs, what }).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${output()}`);
  });
  if (result === 'ended') throw new Error(`It ended without ${String(pattern)}:\n${output()}`);
  return result;
}
