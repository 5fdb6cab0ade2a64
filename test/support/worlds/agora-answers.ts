import { queryAnswerAt, type HttpAnswer } from '../../../src/simulator/query-answer.js';
import { createRandom, type Random } from '../../../src/simulator/random.js';
import type { SimulatedSession } from '../../../src/simulator/simulated-session.js';
import { APART_MS, type Refused, type World } from './moves.js';

export type Stretch = { fromMs: number; untilMs: number };

/** What Agora answers in a hostile world: the truth of the moment, or what stands in its way. */
export type AgoraAnswers = {
  at: (ofMs: number) => HttpAnswer;
  /** Times at which the living session has answered 404 for no reason. */
  spurious: readonly Stretch[];
  /** Times at which a recorder says, wrongly, that the service has exited. */
  dying: readonly Stretch[];
  /** Until when, or for ever, all queries are refused. */
  refusedUntilMs: number;
  /** When the resourceId runs out: from then on a living session, too, answers 404. */
  windowEndsMs: number;
};

const HOUR_MS = 3_600_000;
/** @see https://docs.agora.io/en/cloud-recording/rest-api/status-codes (read 2026-07); docs/agora.md#outcomes */
const NO_WORKER: HttpAnswer = { status: 404, body: { code: 404, reason: 'failed to find worker' } };

/** Refusals come before anything else: a call that is refused is told nothing of the recording. */
export function createAnswers({ seed, moves }: World, truth: SimulatedSession): AgoraAnswers {
  const random = createRandom(seed, 'answers');
  const refusals = drawRefusals(moves, truth, random);
  const spurious: Stretch[] = [];
  const fail = createFailing(moves.spurious, truth, random);
  const dying = moves.dying ? truth.failovers.map(({ atMs }) => dyingBefore(atMs, random)) : [];
  const windowEndsMs = truth.startMs + (moves.shortWindow ? 1 : 72) * HOUR_MS;
  const inside = (stretches: readonly Stretch[], atMs: number) =>
    stretches.find(({ fromMs, untilMs }) => atMs >= fromMs && atMs < untilMs);
  return {
    spurious,
    dying,
    windowEndsMs,
    refusedUntilMs: Math.max(0, ...refusals.map(({ untilMs }) => untilMs)),
    at: (ofMs) => {
      const refusal = refusals.find(({ fromMs, untilMs }) => ofMs >= fromMs && ofMs < untilMs);
      if (refusal !== undefined) return refusal.answer;
      fail(ofMs, spurious);
      if (ofMs >= windowEndsMs || inside(spurious, ofMs) !== undefined) return NO_WORKER;
      const answer = queryAnswerAt(truth, ofMs);
      const last = inside(dying, ofMs);
      if (last !== undefined) return withStatus(answer, Math.round(last.fromMs) % 2 === 0 ? 8 : 20);
      return moves.closing && isClosing(truth, ofMs) ? withStatus(answer, 7) : answer;
    },
  };
}

type Refusal = Stretch & { answer: HttpAnswer };

const BAD_REQUEST: HttpAnswer = { status: 400, body: { code: 2, reason: 'bad request' } };
const NO_ROUTE: HttpAnswer = { status: 404, body: { message: 'no Route matched with those values' } };
const UNAUTHORIZED: HttpAnswer = { status: 401, body: { message: 'Invalid authentication credentials' } };

function drawRefusals(
  { badRequest, noRoute, unauthorized }: World['moves'],
  { startMs, aliveUntilMs }: SimulatedSession,
  random: Random,
): Refusal[] {
  const drawn = (answer: HttpAnswer, how: Refused): Refusal[] => {
    const fromMs = random.between(startMs, aliveUntilMs);
    const untilMs = how === 'forever' ? Infinity : fromMs + random.between(10_000, 1_200_000);
    return how === 'none' ? [] : [{ fromMs, untilMs, answer }];
  };
  return [
    ...drawn(BAD_REQUEST, badRequest),
    ...drawn(NO_ROUTE, noRoute),
    ...drawn(UNAUTHORIZED, unauthorized ? 'while' : 'none'),
  ];
}

/**
 * Begins with the first query after a moment that was drawn, for a few seconds drawn from outside
 * would meet none. Long enough for one or two; far from any absence that has a reason.
 */
function createFailing(
  count: number,
  truth: SimulatedSession,
  random: Random,
): (ofMs: number, failed: Stretch[]) => void {
  const { startMs, stoppingMs, failovers } = truth;
  const moved = failovers.map(({ atMs, backAtMs }) => ({ fromMs: atMs, untilMs: backAtMs }));
  const reasons = [{ fromMs: 0, untilMs: startMs }, { fromMs: stoppingMs, untilMs: Infinity }, ...moved];
  const drawn = Array.from({ length: count }, () => ({
    fromMs: random.between(startMs, stoppingMs),
    lastsMs: random.between(1_000, 8_000),
  })).sort((a, b) => a.fromMs - b.fromMs);
  return (ofMs, failed) => {
    const next = drawn[failed.length];
    if (next === undefined || ofMs < next.fromMs) return;
    const stretch = { fromMs: ofMs, untilMs: ofMs + next.lastsMs };
    if ([...reasons, ...failed].every((other) => isApart(stretch, other))) failed.push(stretch);
  };
}

function isApart(a: Stretch, b: Stretch): boolean {
  return a.fromMs > b.untilMs + APART_MS || b.fromMs > a.untilMs + APART_MS;
}

function dyingBefore(atMs: number, random: Random): Stretch {
  return { fromMs: atMs - random.between(2_000, 30_000), untilMs: atMs };
}

/** The second half of the time in which it is on its way out. */
function isClosing({ stoppingMs, aliveUntilMs }: SimulatedSession, atMs: number): boolean {
  return atMs < aliveUntilMs && atMs >= stoppingMs + (aliveUntilMs - stoppingMs) / 2;
}

function withStatus(answer: HttpAnswer, status: number): HttpAnswer {
  if (answer.status !== 200) return answer;
  const body = answer.body as { serverResponse: Record<string, unknown> };
  return { ...answer, body: { ...body, serverResponse: { ...body.serverResponse, status } } };
}
