import { endProcesses } from './processes.js';

/** What a test has yet to clear away, in this order. */
export type Leftovers = (() => Promise<void>)[];

/** Called at the top of a test file: after each test its processes are ended, then the rest is cleared. */
export function clearAfterEach(): Leftovers {
  const leftovers: Leftovers = [];
  afterEach(async () => {
    await endProcesses();
    for (const clear of leftovers.splice(0)) await clear();
  });
  return leftovers;
}
