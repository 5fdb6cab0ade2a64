import type { QueryAnswer } from '../agora/query-client.js';
import { dropQuery, releaseClaim, startClaim } from '../db/schedule/query-schedule.js';
import { findRegistration } from '../db/evidence/registrations.js';
import { plusMs, type UnixMs } from '../evidence/instant.js';
import type { Registration } from '../evidence/registration.js';
import type { QueryClass } from '../reconcile/query-class.js';
import { queryableUntil } from '../sessions/facts/query-window.js';
import type { Account } from './account.js';
import { adjustPace, pauseUnreachable } from './adjust-pace.js';
import type { AskContext } from './ask-context.js';
import type { QueryTrace } from '../observability/traces.js';
import { recordAnswer } from '../ledger/record-answer.js';
import { heldAfterMs } from './slot-times.js';
import { waitForSlot, type HeldSlot, type SlotOutcome } from './wait-for-slot.js';

/** What became of a query job. Everything but `answered` asked nothing. */
export type AskResult = 'answered' | 'moved_on' | 'paused';

/** In addition to the time for the answer: waiting for a slot, and storing the answer. */
const LEASE_MARGIN_MS = 8_000;
/** A query that has no slot by then goes back into the schedule, where more urgent ones come first. */
const PATIENCE_MS = 5_000;
const GIVE_BACK_MS = 1;

/**
 * Asks Agora about one session and stores the answer. Only one job can start a claim: a job that runs twice,
 * or after the session no longer needs a query, asks nothing. If the process dies on the way, the claim's
 * lease expires and the session is due again.
 */
export async function askSession(context: AskContext, sid: string, claimedMs: UnixMs): Promise<AskResult> {
  const traced = context.traces?.query(sid, claimedMs) ?? null;
  traced?.step('due', claimedMs, context.now());
  const result = await askInTurn(context, sid, claimedMs, traced).catch((error: unknown) => {
    traced?.end('failed');
    throw error;
  });
  traced?.end(result);
  return result;
}

async function askInTurn(
  context: AskContext,
  sid: string,
  claimedMs: UnixMs,
  traced: QueryTrace | null,
): Promise<AskResult> {
  const { db, rules, accounts, metrics, now } = context;
  const registration = await findRegistration(db.pool, sid);
  const account = accounts.get(registration === null ? '' : (rules.accountOf(registration.appId) ?? ''));
  if (registration === null || account === undefined) return 'moved_on';
  const startedAt = performance.now();
  const waitingMs = now();
  const turn = await takeTurn(context, account, registration, claimedMs);
  traced?.step('slot', waitingMs, now());
  if (turn.kind === 'moved_on') return 'moved_on';
  if (turn.kind === 'held') {
    metrics.slotWait.observe((performance.now() - startedAt) / 1000);
    const inFlight = { account: account.name };
    metrics.queriesInFlight.inc(inFlight);
    const left = await ask(context, account, registration, turn, traced).finally(() =>
      metrics.queriesInFlight.dec(inFlight),
    );
    if (left) return 'answered';
  }
  await giveBack(context, account, sid, turn);
  return 'paused';
}

/** A slot, and what it is for. */
type HeldTurn = HeldSlot & { queryClass: QueryClass };

/**
 * Waits for this query's turn in its process, then for a slot. The claim is started only after that: until
 * then the query counts as queued, among the two seconds' worth that may be in the queue.
 */
async function takeTurn(
  context: AskContext,
  account: Account,
  registration: Registration,
  claimedMs: UnixMs,
): Promise<Exclude<SlotOutcome, HeldSlot> | HeldTurn | { kind: 'moved_on' }> {
  const { db, now, queryTimeoutMs, gateOf, stopping } = context;
  const { sid } = registration;
  const giveUpAt = performance.now() + PATIENCE_MS;
  const entry = await gateOf(account.name).enter(PATIENCE_MS, stopping);
  try {
    const queryClass = await startClaim(db, sid, claimedMs, now(), queryTimeoutMs + LEASE_MARGIN_MS);
    if (queryClass === null) return { kind: 'moved_on' };
    if (entry === 'late') return { kind: 'late' };
    if ((queryableUntil({ registration, windowFromMs: null }) ?? 0) <= now()) {
      await dropQuery(db.pool, sid); // its query window closed while it waited, so an answer would prove nothing
      return { kind: 'moved_on' };
    }
    const turn = await waitForSlot(context, account, registration, giveUpAt);
    return turn.kind === 'held' ? { ...turn, queryClass } : turn;
  } finally {
    if (entry !== 'late') entry.leave();
  }
}

/** Returns the claim to the schedule, due when the account may ask again. */
async function giveBack(context: AskContext, account: Account, sid: string, turn: SlotOutcome): Promise<void> {
  const { db, now } = context;
  const pausedMs = await pausedFor(context, account, turn);
  await releaseClaim(db, sid, plusMs(now(), Math.max(pausedMs, GIVE_BACK_MS)));
}

async function pausedFor(context: AskContext, account: Account, turn: SlotOutcome): Promise<number> {
  switch (turn.kind) {
    case 'paused':
      return turn.waitMs;
    case 'unreachable':
      return pauseUnreachable(context, account);
    case 'held':
    case 'late':
      return 0;
  }
}

/** False if the query was not sent because its slot expired first. */
async function ask(
  context: AskContext,
  account: Account,
  registration: Registration,
  { permit, leaveBy, release, queryClass }: HeldTurn,
  traced: QueryTrace | null,
): Promise<boolean> {
  const { client, queryTimeoutMs, metrics, now } = context;
  const { name, customerId, customerSecret } = account;
  const { sid, appId, resourceId, mode } = registration;
  const target = { customerId, customerSecret, appId, resourceId, sid, mode };
  const askingMs = now();
  const answer = await client.query(target, permit, leaveBy);
  const answeredMs = now();
  traced?.step('asked', askingMs, answeredMs);
  const end = answer === 'too_late' ? 'never_left' : answer.wire;
  if (end === 'never_left') metrics.slotsUnused.inc({ account: name });
  // The slot is held for a second from now on, not from when the answer has been stored.
  const released = release(heldAfterMs(end, queryTimeoutMs));
  if (answer !== 'too_late') await keep(context, account, registration, queryClass, answer, traced);
  await released;
  return answer !== 'too_late';
}

async function keep(
  context: AskContext,
  account: Account,
  registration: Registration,
  queryClass: QueryClass,
  answer: QueryAnswer,
  traced: QueryTrace | null,
): Promise<void> {
  const { sid, appId } = registration;
  const { askedAt, answeredAt, outcome, httpStatus, body } = answer;
  context.metrics.queries.inc({ account: account.name, class: queryClass, outcome: outcome.kind });
  context.metrics.queryDuration.observe((answeredAt - askedAt) / 1000);
  const { at, era } = await context.measureClock();
  const times = { askedMs: at(askedAt), answeredMs: at(answeredAt), clockEra: era };
  const foldingMs = context.now();
  await recordAnswer(context, account.name, { sid, ...times, outcome, httpStatus, body }, registration);
  traced?.step('folded', foldingMs, context.now());
  await adjustPace(context, account, { sid, appId }, answer);
  const tookMs = Math.round(answeredAt - askedAt);
  context.log.debug({ sid, outcome: outcome.kind, tookMs, traceId: traced?.traceId }, 'query.answered');
}
