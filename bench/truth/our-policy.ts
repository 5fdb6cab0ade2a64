import type { UnixMs } from '../../src/evidence/instant.js';
import { readChannel, type Channel } from '../../src/reconcile/channel.js';
import { chooseQueries, firstFromMs, oldestFirst, type Candidate } from '../../src/reconcile/choose-queries.js';
import { nextProofMs, planQuery } from '../../src/reconcile/plan-query.js';
import { priorityOf, QUERY_CLASSES } from '../../src/reconcile/query-class.js';
import { likelySilence } from '../../src/reconcile/suspicion.js';
import { createRandom } from '../../src/simulator/random.js';
import { createHeap, type Entry } from './heap.js';
import { front, isLive, isNewest, QUERIES_PER_SECOND, type Planned, type Policy } from './policy.js';
import { createSilences, type Silence } from './silences.js';
import { atSecond, RULES, secondOf, type Known, type VirtualLedger } from './virtual-ledger.js';

const LISTEN_EVERY = 5;
const SAMPLE = 200;

/** The service's own planner: what it plans by evidence, and how it chooses among what is due. */
export function ours(ledger: VirtualLedger, seed: number): Policy {
  const random = createRandom(seed, 'ours');
  const orders = createOrders(ledger);
  const live: Known[] = [];
  const members = new Set<Known>();
  let channel: Channel = { worksForMs: Infinity, missRate: 0.05 };
  let ages = oldestFirst(0, QUERIES_PER_SECOND, RULES.routineIntervalMs);
  let firstFrom = ages.countedFromMs;
  let listenedAt = -Infinity;
  const listen = (at: number): void => {
    listenedAt = at;
    const due: UnixMs[] = [];
    for (let n = 0; n < SAMPLE && live.length > 0; n += 1) {
      const index = random.whole(0, live.length - 1);
      const known = live[index];
      const last = known !== undefined && known.ending !== null ? live.pop() : undefined;
      if (last !== undefined && index < live.length) live[index] = last;
      const dueMs = known?.ending !== null ? null : ledger.beatDueMs(known, at);
      if (dueMs !== null) due.push(dueMs);
    }
    channel = readChannel(due, atSecond(at));
    ages = oldestFirst(orders.scheduled(), QUERIES_PER_SECOND, RULES.routineIntervalMs);
    const old = orders.countOlder(at - ages.countedFromMs / 1000);
    firstFrom = firstFromMs(ages, old, QUERIES_PER_SECOND);
  };
  return {
    changed: (known, at) => {
      if (!members.has(known)) live.push(known);
      members.add(known);
      orders.schedule(known, at);
    },
    pick: (at) => {
      if (at - listenedAt >= LISTEN_EVERY) listen(at);
      const nowMs = atSecond(at);
      const { heads, found } = orders.heads(at, likelySilence(channel, nowMs), ages.shareFromMs / 1000);
      const situation = { room: 1, firstFromMs: firstFrom, chance: random.next(), nowMs };
      const [chosen] = chooseQueries(heads, situation);
      return chosen === undefined ? null : (found.get(chosen.sid) ?? null);
    },
    scheduled: orders.scheduled,
  };
}

/** What the schedule's indexes are to the service: the front of each order. */
function createOrders(ledger: VirtualLedger) {
  const byClass = QUERY_CLASSES.map(() => createHeap<Planned>());
  const [proofs, oldest] = [createHeap<Planned>(), createHeap<Planned>()];
  const planned = new Map<Known, string>();
  // As the service counts: live sessions, and those whose end is to be looked at yet.
  const waitingSince = new Map<Known, number>();
  const wait = (known: Known, since: number, entry: Planned): void => {
    waitingSince.set(known, since);
    oldest.push({ key: since, value: entry });
  };
  const schedule = (known: Known, at: number): void => {
    ledger.listen(known, at);
    const entry = { known, plan: known.plan };
    const next = planQuery(known.facts, known.ending, RULES);
    planned.set(known, planKey(next));
    waitingSince.delete(known);
    if (next !== null) byClass[priorityOf(next.queryClass)]?.push({ key: secondOf(next.dueMs), value: entry });
    // Also who is over grows old, until the last look at it.
    if (known.ending !== null && next !== null) wait(known, secondOf(next.dueMs), entry);
    if (known.ending !== null) return;
    silences.suspect(known);
    const proofMs = nextProofMs(known.facts, known.ending, RULES);
    if (proofMs !== null) proofs.push({ key: secondOf(proofMs), value: entry });
    const asked = known.facts.asked.latest?.lastAskedMs;
    wait(known, asked === undefined ? known.truth.start : secondOf(asked), entry);
  };
  const silences = createSilences(ledger, {
    isStale: (known) => planKey(planQuery(known.facts, known.ending, RULES)) !== planned.get(known),
    renew: (known, at) => {
      known.plan += 1;
      schedule(known, at);
    },
  });
  const heads = (at: number, silence: Silence, shareFrom: number) => {
    silences.findLikely(at, silence);
    const { found, note } = createNotes();
    const isBlind = silence === null;
    return {
      found,
      heads: {
        // Also of sessions that are over: a reported exit is to be confirmed.
        due: byClass.flatMap((heap, priority) => note(front(heap, at, isNewest), priority)),
        proofs: note(front(proofs, at, isLive)),
        likely: isBlind ? [] : note(silences.likely(at)),
        turns: isBlind ? note(silences.turns(at)) : [],
        suspects: note(silences.suspects(at)),
        oldest: note(front(oldest, at - shareFrom, isNewest)),
      },
    };
  };
  const countOlder = (before: number): number => {
    let older = 0;
    for (const since of waitingSince.values()) older += Number(since <= before);
    return older;
  };
  return { schedule, heads, scheduled: () => waitingSince.size, countOlder };
}

/** Candidates as the choice takes them, and who they are. */
function createNotes() {
  const found = new Map<string, Known>();
  const note = (first: Entry<Planned> | undefined, priority = 0): Candidate[] => {
    if (first === undefined) return [];
    const { sid } = first.value.known.facts;
    found.set(sid, first.value.known);
    return [{ sid, priority, sinceMs: atSecond(first.key) }];
  };
  return { found, note };
}

function planKey(next: ReturnType<typeof planQuery>): string {
  return next === null ? '' : `${next.queryClass} ${String(next.dueMs)}`;
}
