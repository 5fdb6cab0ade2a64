import type { Observation } from '../../../../src/evidence/observation.js';
import { describe, saidEndMs, type JudgedLife, type OverVersion } from '../judged.js';
import { findsItOver, LAST_LOOK_MS, windowEndMs, type Reading } from '../reading.js';
import { canBeAsked } from './forgotten.js';
import { laterUids } from './excuses.js';

function confirmed({ over }: JudgedLife): readonly OverVersion[] {
  return over.filter(({ session }) => session.certainty === 'confirmed');
}

/** What is confirmed is true, whatever excuse there may be for a false end that is only reported. */
export function confirmedIsTrue(life: JudgedLife): string[] {
  return confirmed(life)
    .filter(({ atMs }) => atMs < life.end.fromMs - 1)
    .filter(({ reading, ending }) => !reading.isAmbiguous && !isAnotherAbsence(life, reading, saidEndMs(ending)))
    .map((version) => `${describe(version)}, and it lived on`);
}

/**
 * The last look fell into another absence than the first, or was answered by another recorder on its way out:
 * the session came back in between, unreported. Nothing can distinguish that from an end either, unless a 404
 * lies between: then a recorder that exits has begun after it.
 */
function isAnotherAbsence({ truth, answers, ofMs }: JudgedLife, { queries }: Reading, endMs: number): boolean {
  const absences = [
    ...truth.failovers.map(({ atMs, backAtMs }) => ({ fromMs: atMs, untilMs: backAtMs })),
    ...answers.spurious,
    ...(wasMissed(queries, endMs) ? [] : answers.dying),
  ];
  const looks = lastLooks(queries, endMs).map((query) => ofMs.get(query) ?? 0);
  const late = absences.filter(({ fromMs }) => fromMs > endMs);
  const beyond = (moment: number): boolean => moment >= answers.windowEndsMs;
  return (
    looks.length > 0 &&
    looks.every((moment) => beyond(moment) || late.some(({ fromMs, untilMs }) => moment >= fromMs && moment < untilMs))
  );
}

function wasMissed(queries: readonly Observation[], endMs: number): boolean {
  return queries.some(({ askedMs, outcome }) => outcome.kind === 'not_found' && askedMs > endMs);
}

function lastLooks(queries: readonly Observation[], endMs: number): readonly Observation[] {
  const sinceMs = endMs + LAST_LOOK_MS;
  return queries.filter((query) => findsItOver(query) && query.askedMs > sinceMs);
}

/**
 * An end is confirmed only by a query, asked longer after it than a failover could explain, that
 * still finds it over; or, where a stop was answered, by any later query that finds it over.
 */
export function confirmedByALastLook(life: JudgedLife): string[] {
  return confirmed(life)
    .filter(({ reading }) => !reading.isAmbiguous)
    .filter(
      ({ reading, ending }) => lastLooks(reading.queries, saidEndMs(ending)).length === 0 && !isStoppedAndGone(reading),
    )
    .map((version) => `${describe(version)}, without a last look`);
}

function isStoppedAndGone({ stopped, queries }: Reading): boolean {
  return stopped && queries.some(findsItOver);
}

/** Where nothing hinders the asking, an exit that was heard of the last recorder is confirmed. */
export function heardExitsAreConfirmed(life: JudgedLife): string[] {
  const { final, reading, knownByMs } = life;
  const heard = reading.notices.some(({ eventType, uid }) => eventType === 11 && laterUids(life, uid).length === 0);
  if (!heard || !isQuiet(life) || windowEndMs(reading) < knownByMs) return [];
  return final.certainty === 'confirmed'
    ? []
    : [`${final.state} and ${final.certainty} in the end, although the exit was heard`];
}

function isQuiet(life: JudgedLife): boolean {
  const { silence, timeouts, badRequest, noRoute, unauthorized } = life.world.moves;
  const refused = badRequest !== 'none' || noRoute !== 'none' || unauthorized;
  return canBeAsked(life) && silence === 0 && timeouts === 0 && !refused;
}
