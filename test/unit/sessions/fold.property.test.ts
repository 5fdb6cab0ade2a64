import fc from 'fast-check';
import type { Evidence } from '../../../src/evidence/evidence.js';
import { noFacts, type SessionFacts } from '../../../src/sessions/facts/facts.js';
import { isStraggler } from '../../../src/sessions/facts/fold-notice.js';
import { filesNamedBy, mergeFiles } from '../../../src/sessions/facts/files.js';
import { fold, learnedMs } from '../../../src/sessions/facts/fold.js';
import { conclude } from '../../../src/sessions/views/conclude.js';
import { evidenceOfSession } from '../../support/arbitraries.js';
import { RULES, SID } from '../../support/builders.js';

const RUNS = { numRuns: 2_000 };

/** Evidence in the order in which it is folded from nothing: by receipt, as the store hands it out. */
function inOrderOfReceipt(evidence: readonly Evidence[]): Evidence[] {
  const receipt = (piece: Evidence) => ('receivedMs' in piece ? piece.receivedMs : 0);
  return [...evidence].sort((a, b) => receipt(a) - receipt(b));
}

/** Everything but what counts the order of arrival itself. */
function timeless(facts: SessionFacts): unknown {
  const { outOfOrder: _outOfOrder, order: _order, ...arrivals } = facts.arrivals;
  const recorders = facts.recorders.map(({ lateNumbers: _late, ...recorder }) => recorder);
  return { ...facts, arrivals, recorders };
}

const shuffled = evidenceOfSession.chain((evidence) =>
  fc.tuple(
    fc.constant(evidence),
    fc.shuffledSubarray(evidence, { minLength: evidence.length }),
    fc.array(fc.nat(30), { maxLength: 5 }),
  ),
);

function batches(evidence: readonly Evidence[], cuts: readonly number[]): Evidence[][] {
  const places = [0, ...[...cuts].sort((a, b) => a - b), evidence.length];
  return places.slice(1).map((end, index) => evidence.slice(places[index], end));
}

describe('folding', () => {
  it('gives the same facts and the same session in any order and in any batches', () => {
    fc.assert(
      fc.property(shuffled, ([evidence, another, cuts]) => {
        const expected = fold(noFacts(SID), evidence);
        const folded = batches(another, cuts).reduce((facts, batch) => fold(facts, batch), noFacts(SID));
        expect(timeless(folded)).toEqual(timeless(expected));
        const { notices: _a, gaps: _c, ...session } = conclude(folded, RULES).session;
        const { notices: _b, gaps: _d, ...expectedSession } = conclude(expected, RULES).session;
        expect(session).toEqual(expectedSession);
      }),
      RUNS,
    );
  });

  it('survives being written down and read back between batches', () => {
    fc.assert(
      fc.property(shuffled, ([, evidence, cuts]) => {
        const direct = fold(noFacts(SID), evidence);
        const stored = batches(evidence, cuts).reduce<SessionFacts>(
          (facts, batch) => fold(JSON.parse(JSON.stringify(facts)) as SessionFacts, batch),
          noFacts(SID),
        );
        expect(stored).toEqual(direct);
      }),
      RUNS,
    );
  });

  it('gives the same rows to the byte when stragglers make a session be folded anew', () => {
    fc.assert(
      fc.property(shuffled, ([evidence, arriving, cuts]) => {
        const seen: Evidence[] = [];
        const ledger = batches(arriving, cuts).reduce<SessionFacts>((facts, batch) => {
          seen.push(...batch);
          const late = batch.some((piece) => piece.kind === 'notice' && isStraggler(facts, piece));
          return late ? fold(noFacts(SID), inOrderOfReceipt(seen)) : fold(facts, inOrderOfReceipt(batch));
        }, noFacts(SID));
        expect(ledger).toEqual(fold(noFacts(SID), inOrderOfReceipt(evidence)));
      }),
      RUNS,
    );
  });

  it('names the same files in any order, in any batches and however often each piece is told', () => {
    fc.assert(
      fc.property(shuffled, ([evidence, another, cuts]) => {
        const expected = mergeFiles(evidence.flatMap(filesNamedBy));
        const merged = batches([...another, ...evidence], cuts).reduce(
          (known, batch) => mergeFiles([...known, ...batch.flatMap(filesNamedBy)]),
          mergeFiles([]),
        );
        expect(merged).toEqual(expected);
      }),
      RUNS,
    );
  });

  it('counts every repeated delivery, and takes none of them for an event', () => {
    fc.assert(
      fc.property(shuffled, ([, evidence, cuts]) => {
        const { arrivals } = batches(evidence, cuts).reduce((facts, batch) => fold(facts, batch), noFacts(SID));
        const count = (kind: Evidence['kind']): number => evidence.filter((piece) => piece.kind === kind).length;
        const [notices, repeats] = [count('notice'), count('repeated_delivery')];
        expect(arrivals).toMatchObject({ events: notices, deliveries: notices + repeats });
      }),
      RUNS,
    );
  });

  it('knows of as much time as has passed, whatever told of it', () => {
    fc.assert(
      fc.property(shuffled, ([evidence, another]) => {
        const known = fold(noFacts(SID), another).knownUntilMs;
        expect(known).toBe(Math.max(0, ...evidence.map(learnedMs)));
      }),
      RUNS,
    );
  });

  it('comes to the same verdict when everything is folded twice', () => {
    fc.assert(
      fc.property(evidenceOfSession, (evidence) => {
        const once = conclude(fold(noFacts(SID), evidence), RULES).session;
        const twice = conclude(fold(noFacts(SID), [...evidence, ...evidence]), RULES).session;
        const { notices: _a, observations: _c, ...verdict } = twice;
        const { notices: _b, observations: _d, ...expected } = once;
        expect(verdict).toEqual(expected);
      }),
      RUNS,
    );
  });
});

describe('a verdict', () => {
  const evidence = evidenceOfSession;

  it('never calls a session over whose last word is a query that found it alive', () => {
    fc.assert(
      fc.property(evidence, (pieces) => {
        const facts = fold(noFacts(SID), pieces);
        const asked = facts.asked.latest;
        const { state } = conclude(facts, RULES).session;
        const lastLive = facts.answerSigns.lastLiveMs;
        const exits = facts.recorders.flatMap(({ exits }) => exits.map(({ atMs }) => atMs));
        const told = [
          ...exits,
          ...facts.exitAnswers.map(({ askedMs }) => askedMs),
          facts.stop?.receivedMs ?? 0,
          facts.asked.lastNotFoundMs ?? 0,
        ];
        fc.pre(asked !== null && lastLive !== null && lastLive > Math.max(...told));
        expect(['ended', 'failed']).not.toContain(state);
      }),
      { ...RUNS, maxSkipsPerRun: 10_000 },
    );
  });

  it('never ends anything on 404s that span less than the time for confirming', () => {
    fc.assert(
      fc.property(evidence, (pieces) => {
        const brief = pieces.filter(
          (piece) =>
            piece.kind !== 'stop_answer' &&
            !(piece.kind === 'notice' && piece.event.type === 'sessionExit') &&
            !(
              piece.kind === 'observation' &&
              piece.outcome.kind === 'answered' &&
              [8, 20].includes(piece.outcome.answer.status ?? -1)
            ),
        );
        const facts = fold(noFacts(SID), brief);
        const { state } = conclude(facts, RULES).session;
        const missed = facts.notFound.map(({ askedMs }) => askedMs);
        const span = Math.max(...missed, 0) - Math.min(...missed, Infinity);
        fc.pre(missed.length === 0 || span < 90_000);
        fc.pre(facts.existed || facts.answerSigns.lastLifeMs !== null);
        expect(['ended', 'failed']).not.toContain(state);
      }),
      { ...RUNS, maxSkipsPerRun: 10_000 },
    );
  });
});
