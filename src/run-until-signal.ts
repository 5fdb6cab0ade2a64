import { within } from './timing/within.js';

/**
 * The process ends after this time in any case. It is longer than the deadlines of the receiver and the
 * workers together.
 */
const SHUTDOWN_MS = 10_000;

/**
 * Starts something, keeps it running until SIGINT or SIGTERM, and then stops it. `stopping` is aborted by the
 * signal, also during a long start. A start that fails prints its message in one line and ends the process
 * with status 1. A second signal ends the process at once.
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

/** npm passes on the Ctrl-C that the terminal has sent to all: twice within this time is once. */
const SAME_SIGNAL_MS = 500;

/** Resolves at the first SIGINT or SIGTERM; another one ends the process at once. */
export function nextSignal(): Promise<void> {
  return new Promise((resolve) => {
    let firstMs: number | null = null;
    const hear = (): void => {
      firstMs ??= performance.now();
      if (performance.now() - firstMs > SAME_SIGNAL_MS) process.exit(130);
      resolve();
    };
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, hear);
  });
}
