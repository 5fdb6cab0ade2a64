import type { LedgerClock, MeasuredClock } from '../db/connection/ledger-clock.js';
import type { UnixMs } from '../evidence/instant.js';

/** Dates moments of this process's monotonic clock, without asking Postgres. */
export type Dating = { at: (moment: number) => UnixMs; era: () => number; close: () => void };

const MEASURE_EVERY_MS = 5_000;

/**
 * What calls told is dated by the last measurement of the ledger's clock, and by its era: right by that
 * measurement whatever happens to the clock afterwards, also while Postgres is away.
 * Ours: docs/decisions/019-one-clock-that-nobody-sets.md
 */
export async function openDating(
  { measure }: Pick<LedgerClock, 'measure'>,
  onError: (error: unknown) => void,
): Promise<Dating> {
  let clock: MeasuredClock = await measure();
  const again = setInterval(() => {
    measure().then((measured) => (clock = measured), onError);
  }, MEASURE_EVERY_MS).unref();
  return { at: (moment) => clock.at(moment), era: () => clock.era, close: () => clearInterval(again) };
}
