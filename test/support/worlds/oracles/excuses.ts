import type { Notice } from '../../../../src/evidence/notice.js';
import { skewOf } from '../heard.js';
import type { JudgedLife, OverVersion } from '../judged.js';
import { isAtWork, isLife, provingMisses, toldMs, type Reading } from '../reading.js';

/** Why a ledger could not know better at that moment; null where it could. */
export type Excuse = 'goodbye' | 'dying' | 'long_failover' | 'unknown_window' | 'unregistered';

/** Longer than any document says that a failover takes, wire included. */
const DOCUMENTED_MS = 89_000;

/** An ending that the evidence bears out although it is none, or is dated wrongly. */
export function excuseOf(life: JudgedLife, version: OverVersion): Excuse | null {
  const { ending, reading } = version;
  if (reading.isAmbiguous) return 'unregistered';
  switch (ending.rule) {
    case 'exit_notice':
      return isGoodbye(life, version) ? 'goodbye' : null;
    case 'exit_status':
      return restsOnDying(life, reading) ? 'dying' : null;
    case 'stop_answer':
      return null;
    case 'contradicted_exit':
    case 'heard_cause':
    case 'gone':
    case 'never_started':
      if (hasMissOf(life, reading, inLongFailover)) return 'long_failover';
      return isWindowUnknown(life, reading) ? 'unknown_window' : null;
  }
}

/** The exit of a recorder that was replaced, while nothing has told of the one that took over. */
function isGoodbye(life: JudgedLife, { ending, reading }: OverVersion): boolean {
  const { atMs } = ending.endedAt;
  const exits = reading.notices.filter((told) => told.eventType === 11 && toldMs(told) === atMs);
  return exits.some((exit) => laterUids(life, exit.uid).length > 0 && !isKnownReplaced(life, reading, exit));
}

export function laterUids({ truth }: JudgedLife, uid: string | null): readonly string[] {
  const uids = [truth.uid, ...truth.failovers.map(({ newUid }) => newUid)];
  const place = uids.indexOf(uid ?? '');
  return place === -1 ? [] : uids.slice(place + 1);
}

/**
 * Event 12 says so, or a query answers after it, or a later recorder shows life. Which of two is the
 * later one is told by the registration, or by their clocks, unless those are wrong.
 */
function isKnownReplaced(life: JudgedLife, reading: Reading, exit: Notice): boolean {
  const later = laterUids(life, exit.uid);
  const announced = reading.notices.some(({ eventType, uid }) => eventType === 12 && uid === exit.uid);
  const answered = reading.queries.some((query) => isAtWork(query) && query.askedMs > toldMs(exit));
  const ordered = exit.uid === reading.registration?.uid || areClocksRight(life);
  const replaced = ordered && reading.notices.some((told) => isLife(told) && later.includes(told.uid ?? ''));
  return announced || answered || replaced;
}

export function areClocksRight({ truth, world }: JudgedLife): boolean {
  const uids = [truth.uid, ...truth.failovers.map(({ newUid }) => newUid)];
  return uids.every((uid) => skewOf(world, uid) === 0);
}

function restsOnDying({ answers, ofMs }: JudgedLife, { queries }: Reading): boolean {
  return queries.some((query) => {
    const moment = ofMs.get(query) ?? 0;
    const status = query.outcome.kind === 'answered' ? query.outcome.answer.status : null;
    const inside = answers.dying.some(({ fromMs, untilMs }) => moment >= fromMs && moment < untilMs);
    return inside && (status === 8 || status === 20);
  });
}

/** Some of the 404s that seem to prove something came when Agora answers nothing else any more. */
export function isWindowUnknown(life: JudgedLife, reading: Reading): boolean {
  return hasMissOf(life, reading, beyondWindow);
}

type Where = (life: JudgedLife, ofMs: number) => boolean;

function hasMissOf(life: JudgedLife, reading: Reading, where: Where): boolean {
  return provingMisses(reading).some((query) => where(life, life.ofMs.get(query) ?? 0));
}

const inLongFailover: Where = ({ truth }, ofMs) =>
  truth.failovers.some(({ atMs, backAtMs }) => backAtMs - atMs > DOCUMENTED_MS && ofMs >= atMs && ofMs < backAtMs);

/** The query window is over and its true beginning is unknown: the late registration says less. */
const beyondWindow: Where = ({ answers }, ofMs) => ofMs >= answers.windowEndsMs;
