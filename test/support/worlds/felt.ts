import type { Evidence } from '../../../src/evidence/evidence.js';
import type { Notice } from '../../../src/evidence/notice.js';
import type { Observation, QueryOutcome } from '../../../src/evidence/observation.js';
import type { VirtualLife } from '../virtual-session.js';
import type { Stretch } from './agora-answers.js';
import { FOREIGN_APP, OWN_APP, skewOf } from './heard.js';

type Felt = (life: VirtualLife) => boolean;

/** The 90 s of the documents, less what an answer may take. */
const DOCUMENTED_MS = 89_000;
const LONG_DELAY_MS = 60_000;

/**
 * Whether a move reached the ledger of a life, not only whether it was drawn: a dying status that
 * nobody asked for tests nothing.
 */
export const FELT: Readonly<Record<string, Felt>> = {
  'stalled answer': asked(({ askedMs, answeredMs }) => answeredMs - askedMs > 1_000),
  timeout: answered('unavailable'),
  'answer 206': answered('incomplete'),
  'answer 429': answered('throttled'),
  'answer 400': answered('bad_request'),
  'answer 401': answered('unauthorized'),
  'no route': answered('no_route'),
  'long silence in asking': ({ world }) => world.moves.killed > 0,
  'scarce budget': ({ world }) => world.moves.scarcityMs > 0,
  'failover met by a query': (life) => askedWithin(life, movesOf(life)),
  'failover longer than documented': ({ truth }) =>
    truth.failovers.some(({ atMs, backAtMs }) => backAtMs - atMs > DOCUMENTED_MS),
  'failover unannounced': (life) => life.truth.failovers.length > announced(life).length,
  'first words of a new recorder lost': (life) => newcomersHeard(life) < life.truth.failovers.length,
  'goodbye heard': (life) => goodbyes(life).length > 0,
  'goodbye unannounced': (life) => goodbyes(life).some(({ uid }) => !announced(life).includes(uid)),
  'dying status answered': (life) => askedWithin(life, life.answers.dying, 'answered'),
  'status 7 answered': asked(({ outcome }) => outcome.kind === 'answered' && outcome.answer.status === 7),
  'isolated 404': (life) => askedWithin(life, life.answers.spurious, 'not_found'),
  'window outlived': ({ truth, answers }) => truth.aliveUntilMs > answers.windowEndsMs,
  'registered late': told(
    ({ kind, ...piece }, { truth }) =>
      kind === 'registration' && 'receivedMs' in piece && piece.receivedMs > truth.startMs + LONG_DELAY_MS,
  ),
  'registered without a start': told((piece) => piece.kind === 'registration' && piece.startedMs === null),
  'start in the future': ({ world }) => world.moves.startedAt === 'future',
  'start in the past': ({ world }) => world.moves.startedAt === 'past',
  'foreign notice': told((piece) => piece.kind === 'notice' && piece.appId === FOREIGN_APP),
  'foreign exit while alive': told(
    (piece, { truth }) =>
      piece.kind === 'notice' &&
      piece.appId === FOREIGN_APP &&
      piece.eventType === 11 &&
      piece.receivedMs < truth.aliveUntilMs,
  ),
  'clock behind': (life) => own(life).some(({ uid }) => skewOf(life.world, uid ?? '') < -1_000),
  'clock ahead': (life) => own(life).some(({ uid }) => skewOf(life.world, uid ?? '') > 1_000),
  'stop answered': told((piece) => piece.kind === 'stop_answer' && piece.stopped),
  'stop passed on late': told((piece, { world }) => piece.kind === 'stop_answer' && world.moves.stop === 'late'),
  'stop refused': told((piece) => piece.kind === 'stop_answer' && !piece.stopped),
  'notice doubled': told((piece) => piece.kind === 'repeated_delivery'),
  'notice delayed': told((piece) => piece.kind === 'notice' && piece.receivedMs - piece.occurredMs > LONG_DELAY_MS),
  'nothing heard at all': (life) => own(life).length === 0,
};

function told(is: (piece: Evidence, life: VirtualLife) => boolean): Felt {
  return (life) => life.evidence.some((piece) => is(piece, life));
}

function asked(is: (query: Observation) => boolean): Felt {
  return told((piece) => piece.kind === 'observation' && is(piece));
}

function answered(kind: QueryOutcome['kind']): Felt {
  return asked(({ outcome }) => outcome.kind === kind);
}

function askedWithin({ ofMs }: VirtualLife, where: readonly Stretch[], kind?: QueryOutcome['kind']): boolean {
  return [...ofMs].some(
    ([{ outcome }, moment]) =>
      (kind === undefined || outcome.kind === kind) &&
      where.some(({ fromMs, untilMs }) => moment >= fromMs && moment < untilMs),
  );
}

function movesOf({ truth }: VirtualLife): Stretch[] {
  return truth.failovers.map(({ atMs, backAtMs }) => ({ fromMs: atMs, untilMs: backAtMs }));
}

function own({ evidence }: VirtualLife): readonly Notice[] {
  return evidence.filter((piece) => piece.kind === 'notice').filter(({ appId }) => appId === OWN_APP);
}

function announced(life: VirtualLife): readonly (string | null)[] {
  return own(life)
    .filter(({ eventType }) => eventType === 12)
    .map(({ uid }) => uid);
}

function newcomersHeard(life: VirtualLife): number {
  return own(life).filter(({ eventType, uid }) => (eventType === 40 || eventType === 70) && uid !== life.truth.uid)
    .length;
}

function goodbyes(life: VirtualLife): readonly Notice[] {
  const last = life.truth.failovers.at(-1)?.newUid ?? life.truth.uid;
  return own(life).filter(({ eventType, uid }) => eventType === 11 && uid !== last);
}
