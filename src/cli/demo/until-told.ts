import { isRunByNpm } from '../../config/environment.js';
import { nextSignal } from '../../run-until-signal.js';

const LOOK_EVERY_MS = 200;

/**
 * Aborts at the first SIGINT or SIGTERM, and when npm, having started this, is gone: a killed npm tells
 * nobody, but its children are then somebody else's.
 */
export function untilTold(): AbortSignal {
  const told = new AbortController();
  const tell = (): void => {
    told.abort(new Error('told to stop'));
  };
  void nextSignal().then(tell);
  if (isRunByNpm()) {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) tell();
    }, LOOK_EVERY_MS).unref();
  }
  return told.signal;
}
