import { boundMs } from '../../src/reconcile/verification-bound.js';
import { currentRun } from '../../src/sessions/verdict/absence.js';
import { lastLookAfterMs } from '../../src/sessions/facts/rules.js';
import { createHeap } from './heap.js';
import { QUERIES_PER_SECOND, type PolicyMaker } from './policy.js';
import { atSecond, createLedger, RULES, secondOf, type Known, type VirtualLedger } from './virtual-ledger.js';
import type { TruthSession, TruthWorld } from './world.js';

export type Spans = {
  /** Ends before this are not counted: the run begins in the middle of everything. */
  warmUp: number;
  /** After the last counted end, for what is still unknown. */
  drain: number;
};
const SPANS: Spans = { warmUp: 1_800, drain: 3_600 };

export type RunResult = {
  /** Seconds from the end until it was known, of every counted end; the whole drain where it never was. */
  delays: number[];
  /** Of those whose exit notification never arrived. */
  unheard: number[];
  wrongEnds: number;
  queries: number;
  /** The most by which the bound was exceeded, in seconds; 0 if it was kept. */
  boundBroken: number;
  /** What the queries were for. */
  asked: Record<Purpose, number>;
  /** The same, one by one and with their times. */
  spent: Spent[];
  /** Of every counted end, what was asked after it. */
  traces: Trace[];
};

export type Spent = { at: number; purpose: Purpose };
/** An end, the queries that were asked after it, and how long it took until it was known. */
export type Trace = { truth: TruthSession; asks: readonly number[]; delay: number };

/** What a query is for, by what is known at the moment of asking. */
export const PURPOSES = ['start', 'first look', 'last look', 'run of 404s', 'live'] as const;
export type Purpose = (typeof PURPOSES)[number];

type Happening = { at: number; known: Known; tell: (known: Known) => void };

/** Lives through a world under one policy, a query every eighth of a second at most. */
export function runPolicy(world: TruthWorld, maker: PolicyMaker, spans = SPANS): RunResult {
  const ledger = createLedger(world, maker);
  const policy = maker.make(ledger, world.seed);
  const all = world.all.map((truth) => ({ truth, known: null as Known | null }));
  const happenings = planHappenings(world, ledger, all);
  const seconds = world.hours * 3_600;
  const result: RunResult = {
    delays: [],
    unheard: [],
    wrongEnds: 0,
    queries: 0,
    boundBroken: 0,
    asked: { start: 0, 'first look': 0, 'last look': 0, 'run of 404s': 0, live: 0 },
    spent: [],
    traces: [],
  };
  const knownAt = new Map<number, number>();
  const asks = new Map<number, number[]>();
  const update = (known: Known, at: number): void => {
    const { index, end } = known.truth;
    if (known.ending !== null && !knownAt.has(index)) {
      knownAt.set(index, at);
      if (at < end) result.wrongEnds += 1;
    }
    if (known.ending === null) knownAt.delete(index);
    policy.changed(known, at);
  };
  /** Heartbeats after a 404 contradict it at once; of all others only the last matters when asked. */
  const contradictions = createHeap<Known>();
  const awaited = new Set<Known>();
  const awaitBeat = (known: Known, at: number): void => {
    if (
      !maker.hearsNotices ||
      known.ending !== null ||
      awaited.has(known) ||
      known.facts.asked.latest?.outcome !== 'not_found'
    )
      return;
    const arrival = world.nextArrival(known.truth, at);
    if (arrival === null) return;
    contradictions.push({ key: arrival, value: known });
    awaited.add(known);
  };
  const contradict = (at: number): void => {
    for (let due = contradictions.peek(); due !== undefined && due.key <= at; due = contradictions.peek()) {
      contradictions.pop();
      awaited.delete(due.value);
      if (due.value.ending !== null || due.value.facts.asked.latest?.outcome !== 'not_found') continue;
      ledger.listen(due.value, due.key);
      due.value.plan += 1;
      update(due.value, due.key);
      awaitBeat(due.value, due.key);
    }
  };
  let next = 0;
  const live = new Set<Known>();
  for (let at = 0; at < seconds + spans.drain; at += 1 / QUERIES_PER_SECOND) {
    for (let due = happenings[next]; due !== undefined && due.at <= at; due = happenings[next]) {
      next += 1;
      due.tell(due.known);
      if (due.known.ending !== null) live.delete(due.known);
      else live.add(due.known);
      update(due.known, Math.max(due.at, 0));
    }
    contradict(at);
    const known = policy.pick(at);
    if (known !== null) {
      result.queries += 1;
      const purpose = purposeOf(known, at);
      result.asked[purpose] += 1;
      result.spent.push({ at, purpose });
      if (at >= known.truth.end) asks.set(known.truth.index, [...(asks.get(known.truth.index) ?? []), at]);
      ledger.ask(known, at);
      if (known.ending !== null) live.delete(known);
      update(known, at);
      awaitBeat(known, at);
    }
    if (Number.isInteger(at / 60)) {
      const boundedMs = boundMs({ sessions: policy.scheduled?.() ?? live.size, perSecond: QUERIES_PER_SECOND }, RULES);
      result.boundBroken = Math.max(result.boundBroken, oldestAge(live, at) - boundedMs / 1000);
    }
  }
  collect(world, knownAt, asks, spans, result);
  return result;
}

/** A first look that comes late enough is the last one as well. */
function purposeOf({ facts, ending }: Known, at: number): Purpose {
  if (ending === null && facts.asked.latest === null) return 'start';
  if (ending === null) return currentRun(facts, RULES) === null ? 'live' : 'run of 404s';
  return atSecond(at) > ending.sinceMs + lastLookAfterMs(RULES) ? 'last look' : 'first look';
}

/** Everything that is told, in the order in which it arrives. */
function planHappenings(
  world: TruthWorld,
  ledger: VirtualLedger,
  all: { truth: TruthSession; known: Known | null }[],
): Happening[] {
  const happenings: Happening[] = [];
  for (const { truth } of all) {
    const known = ledger.open(truth);
    const add = (at: number, tell: (one: Known) => void): void => void happenings.push({ at, known, tell });
    if (truth.start < 0) {
      ledger.ask(known, lastAskedBefore(truth, world.sessions));
      add(0, () => undefined);
    } else {
      add(truth.start, () => undefined);
      if (truth.started) add(truth.start + 2.3, ledger.hearStart);
      if (truth.filesTold) add(truth.start + 5.3, ledger.hearFiles);
    }
    if (truth.exitHeard !== null) add(truth.exitHeard, ledger.hearExit);
  }
  return happenings.sort((a, b) => a.at - b.at);
}

/** Known for long: seen at work at some time before 0 at which a steady state would have asked about it. */
function lastAskedBefore({ index, start, failovers }: TruthSession, sessions: number): number {
  const asked = (-((index * 7919) % 997) / 997) * Math.min(sessions / 6, 600);
  const met = failovers.find(({ from, to }) => from <= asked && asked < to);
  return Math.max(start + 5, met === undefined ? asked : met.from - 1);
}

/** By the last answer that saw it at work, of those that are: a 404 of a failover verifies nothing. */
function oldestAge(live: ReadonlySet<Known>, at: number): number {
  let oldest = 0;
  for (const { facts, truth } of live) {
    if (truth.end <= at) continue;
    const { lastVerifiedMs } = facts.asked;
    const verified = lastVerifiedMs === null ? truth.start : secondOf(lastVerifiedMs);
    oldest = Math.max(oldest, at - verified);
  }
  return oldest;
}

function collect(
  world: TruthWorld,
  knownAt: ReadonlyMap<number, number>,
  asks: ReadonlyMap<number, readonly number[]>,
  { warmUp, drain }: Spans,
  result: RunResult,
): void {
  const seconds = world.hours * 3_600;
  for (const truth of world.all) {
    const { index, end, exitHeard } = truth;
    if (end < warmUp || end >= seconds) continue;
    const delay = Math.max((knownAt.get(index) ?? seconds + drain) - end, 0);
    result.delays.push(delay);
    result.traces.push({ truth, asks: asks.get(index) ?? [], delay });
    if (exitHeard === null) result.unheard.push(delay);
  }
}
