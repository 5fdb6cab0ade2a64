import { RULES } from '../../builders.js';
import { describe, isAbsence, type JudgedLife, type OverVersion } from '../judged.js';
import { provingMisses, runsOf } from '../reading.js';

const FEWEST_MISSES = 3;

/**
 * Rule 1: an absence rests on a run of 404s: three at least, from the answer of the first to the
 * asking of the last as long as a failover may take, no silence in it longer than that, and none
 * after the query window.
 */
export function absenceIsProven({ over }: JudgedLife): string[] {
  return over
    .filter((version) => isAbsence(version.ending) && !version.reading.isAmbiguous && !isProven(version))
    .map((version) => `${describe(version)}, 404s at ${missTimes(version)}`);
}

function isProven({ reading }: OverVersion): boolean {
  return runsOf(provingMisses(reading), RULES.goneConfirmMs).some((run) => {
    const lastedMs = (run.at(-1)?.askedMs ?? 0) - (run[0]?.answeredMs ?? 0);
    return run.length >= FEWEST_MISSES && lastedMs >= RULES.goneConfirmMs;
  });
}

function missTimes({ reading, ending }: OverVersion): string {
  const endMs = ending.endedAt.notAfterMs ?? 0;
  return provingMisses(reading)
    .map(({ askedMs, answeredMs }) => `${(askedMs - endMs) / 1_000}..${(answeredMs - endMs) / 1_000}`)
    .join(', ');
}

/** Rule 1: a window that is over proves nothing: then neither absence nor never having started. */
export function closedWindowProvesNothing({ over }: JudgedLife): string[] {
  return over
    .filter((version) => isAbsence(version.ending) && !version.reading.isAmbiguous)
    .filter(({ reading }) => provingMisses(reading).length === 0)
    .map((version) => `${describe(version)}, without a 404 from within the window`);
}
