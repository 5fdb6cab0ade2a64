import { within } from './timing/within.js';

/** Longer than the receiver's and the workers' own deadlines together; then the process just ends. */
const SHUTDOWN_MS = 10_000;

/**
 * Starts something, keeps it until SIGINT or SIGTERM, and stops it; a start that takes long is told of
 * the signal too. A start that fails ends the process with its message in one line; a second signal
 * ends it at once.
 */
export async function runUntilSignal(start: (stopping: AbortSignal) => Promise<() => Promise<void>>): Promise<void> {
  const stopping = new AbortController();
  const signal = nextSignal().then(() => {
    stopping.abort();
  });
  try {
    const stop = await start(stopping.signal);
    await signal;
    const ended = await within(SHUTDOWN_MS, stop());
    if (ended === 'late') throw new Error('not everything stopped in time');
    process.exit(process.exitCode ?? 0);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

export function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    const signals = ['SIGINT', 'SIGTERM'] as const;
    for (const name of signals) {
      process.once(name, () => {
        for (const other of signals) process.once(other, () => process.exit(130));
        resolve();
      });
    }
  });
}
