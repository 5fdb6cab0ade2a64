import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { QueryAnswer, QueryClient } from '../agora/query-client.js';
import { pauseAccount, reserveSlotInAll, slowDown, speedUp } from '../db/query-pace.js';
import { dropQuery, releaseClaim, takeUpClaim } from '../db/query-schedule.js';
import { findRegistration } from '../db/registrations.js';
import { plusMs, type UnixMs } from '../evidence/instant.js';
import type { Registration } from '../evidence/registration.js';
import { LATEST_START_MS } from '../reconcile/pacing.js';
import type { Metrics } from '../observability/metrics.js';
import { queryableUntil } from '../sessions/query-window.js';
import { paceScopes, type Account } from './account.js';
import type { FoldContext } from './fold-context.js';
import { recordAnswer } from './record-answer.js';

export type AskContext = FoldContext & {
  accounts: ReadonlyMap<string, Account>;
  client: QueryClient;
  queryTimeoutMs: number;
  /** Raw notices of sessions at rest are dropped after so many days; 0 keeps them. */
  retentionDays: number;
  log: Logger;
  metrics: Metrics;
};

/** What became of a query job. Everything but `answered` asked nothing. */
export type AskResult = 'answered' | 'moved_on' | 'paused';

/** On top of the time for the answer: the wait for a slot, and the writing down. */
const LEASE_MARGIN_MS = 8_000;
/** After a refusal that only a person can mend, the account is tried again this seldom. */
const REFUSED_PAUSE_MS = 60_000;
const GIVE_BACK_MS = 1;
/** After a 429 that names no time. */
const THROTTLED_PAUSE_MS = 1_000;

/**
 * Asks Agora about one session and keeps what it told. The claim is taken up by one job only: a job
 * that runs twice, or after its purpose is gone, asks nothing. If the process dies on the way, the
 * claim's lease runs out and the session is due again.
 */
export async function askSession(
  context: AskContext,
  sid: string,
  claimedMs: UnixMs,
): Promise<AskResult> {
  const { db, now, queryTimeoutMs } = context;
  const leaseMs = queryTimeoutMs + LEASE_MARGIN_MS;
  if (!(await takeUpClaim(db, sid, claimedMs, now(), leaseMs))) return 'moved_on';
  const registration = await findRegistration(db.pool, sid);
  const name = registration === null ? null : context.rules.accountOf(registration.appId);
  const account = name === null ? undefined : context.accounts.get(name);
  if (registration === null || account === undefined) return 'moved_on';
  if ((queryableUntil({ registration, windowFromMs: null }) ?? 0) <= now()) {
    await dropQuery(db.pool, sid); // its window closed while it waited: an answer would prove nothing
    return 'moved_on';
  }
  const waitMs = (await waitForSlot(context, account, registration.appId)) || (await ask(context, account, registration)); // prettier-ignore
  if (waitMs > 0) await releaseClaim(db, sid, plusMs(now(), waitMs));
  return waitMs > 0 ? 'paused' : 'answered';
}

/**
 * Waits for a slot of the account; returns 0 at that slot, or how long the account is paused. A slot
 * that this process woke up too late for is let go: leaving late, the query would crowd the next.
 */
async function waitForSlot(
  { db, metrics, stopping }: AskContext,
  account: Account,
  appId: string,
): Promise<number> {
  const scopes = paceScopes(account, appId);
  const startedAt = performance.now();
  for (;;) {
    const slot = await reserveSlotInAll(db, scopes);
    if (slot.kind === 'paused') return slot.waitMs;
    const dueAt = performance.now() + slot.waitMs;
    // Stopping, the process gives the query back at once; another one asks it.
    await wait(slot.waitMs, undefined, { signal: stopping }).catch(() => undefined);
    if (stopping.aborted) return GIVE_BACK_MS;
    const lateMs = performance.now() - dueAt;
    if (lateMs <= LATEST_START_MS) break;
    metrics.slotsMissed.inc({ account: account.name });
  }
  metrics.slotWait.observe((performance.now() - startedAt) / 1000);
  return 0;
}

/** Returns 0, or how long nothing can be asked: then nothing was. */
async function ask(
  context: AskContext,
  account: Account,
  { sid, appId, resourceId, mode }: Registration,
): Promise<number> {
  const { customerId, customerSecret } = account;
  const target = { customerId, customerSecret, appId, resourceId, sid, mode };
  const answer = await context.client.query(target);
  if (answer === 'unreachable') return pauseUnreachable(context, account);
  const { askedMs, answeredMs, outcome, httpStatus, body } = answer;
  await recordAnswer(context, account.name, {
    sid,
    askedMs,
    answeredMs,
    outcome,
    httpStatus,
    body,
  });
  await adjustPace(context, account, answer);
  context.metrics.queries.inc({ account: account.name, outcome: outcome.kind });
  context.metrics.queryDuration.observe((answeredMs - askedMs) / 1000);
  context.log.info({ sid, outcome: outcome.kind, tookMs: answeredMs - askedMs }, 'query.answered');
  return 0;
}

/** Every process leaves the account alone until one of the hosts may be tried again. */
async function pauseUnreachable(
  { db, client, log }: AskContext,
  { name }: Account,
): Promise<number> {
  const forMs = client.unreachableForMs();
  if (forMs > 0) {
    log.warn({ account: name, forMs }, 'agora.unreachable');
    await pauseAccount(db, name, forMs, 'unreachable');
  }
  return Math.max(forMs, GIVE_BACK_MS);
}

/** What one answer means for all the others of the account. */
async function adjustPace(
  context: AskContext,
  account: Account,
  { outcome, usedUpForMs }: QueryAnswer,
): Promise<void> {
  const { db, log, client } = context;
  const { name } = account;
  if (usedUpForMs !== null) await pauseAccount(db, name, usedUpForMs, 'quota');
  switch (outcome.kind) {
    case 'throttled':
      await slowDown(db, name);
      await pauseAccount(db, name, outcome.retryAfterMs ?? THROTTLED_PAUSE_MS, 'throttled');
      return;
    case 'unauthorized':
      log.error({ account: name }, 'account.refused');
      await pauseAccount(db, name, REFUSED_PAUSE_MS, 'unauthorized');
      return;
    case 'no_route':
      log.error({ account: name }, 'query.no_route');
      return;
    case 'unavailable':
      if (client.unreachableForMs() > 0) await pauseUnreachable(context, account);
      return;
    case 'answered':
    case 'not_found':
    case 'bad_request':
    case 'incomplete':
      await speedUp(db, name);
      return;
  }
}
