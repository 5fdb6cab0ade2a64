import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { QueryClient } from '../agora/query-client.js';
import { pauseAccount, reserveSlot, slowDown, speedUp } from '../db/query-pace.js';
import { releaseClaim, takeUpClaim } from '../db/query-schedule.js';
import { findRegistration } from '../db/registrations.js';
import { plusMs, type UnixMs } from '../evidence/instant.js';
import type { QueryOutcome } from '../evidence/observation.js';
import type { Registration } from '../evidence/registration.js';
import { LATEST_START_MS, slotSpacingMs } from '../reconcile/pacing.js';
import type { Metrics } from '../observability/metrics.js';
import type { Account } from './account.js';
import type { FoldContext } from './fold-context.js';
import { recordAnswer } from './record-answer.js';

export type AskContext = FoldContext & {
  accounts: ReadonlyMap<string, Account>;
  client: QueryClient;
  queryTimeoutMs: number;
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
  const pausedMs = await waitForSlot(context, account);
  if (pausedMs > 0) {
    await releaseClaim(db, sid, plusMs(now(), pausedMs));
    return 'paused';
  }
  await ask(context, account, registration);
  return 'answered';
}

/**
 * Waits for a slot of the account; returns 0 at that slot, or how long the account is paused. A slot
 * that this process woke up too late for is let go: leaving late, the query would crowd the next.
 */
async function waitForSlot(
  { db, metrics, stopping }: AskContext,
  account: Account,
): Promise<number> {
  const spacingMs = slotSpacingMs(account.perSecond);
  const startedAt = performance.now();
  for (;;) {
    const slot = await reserveSlot(db, account.name, spacingMs);
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

async function ask(
  context: AskContext,
  account: Account,
  { sid, appId, resourceId, mode }: Registration,
): Promise<void> {
  const { customerId, customerSecret } = account;
  const target = { customerId, customerSecret, appId, resourceId, sid, mode };
  const { askedMs, answeredMs, outcome, httpStatus, body } = await context.client.query(target);
  await recordAnswer(context, account.name, {
    sid,
    askedMs,
    answeredMs,
    outcome,
    httpStatus,
    body,
  });
  await adjustPace(context, account, outcome);
  context.metrics.queries.inc({ account: account.name, outcome: outcome.kind });
  context.metrics.queryDuration.observe((answeredMs - askedMs) / 1000);
  context.log.info({ sid, outcome: outcome.kind, tookMs: answeredMs - askedMs }, 'query.answered');
}

/** What one answer means for all the others of the account. */
async function adjustPace(
  { db, log }: AskContext,
  { name }: Account,
  outcome: QueryOutcome,
): Promise<void> {
  switch (outcome.kind) {
    case 'throttled':
      await slowDown(db, name);
      await pauseAccount(db, name, outcome.retryAfterMs ?? THROTTLED_PAUSE_MS, 'throttled');
      return;
    case 'unauthorized':
      log.error({ account: name }, 'account.refused');
      await pauseAccount(db, name, REFUSED_PAUSE_MS, outcome.kind);
      return;
    case 'no_route':
      log.error({ account: name }, 'query.no_route');
      return;
    case 'answered':
    case 'not_found':
      await speedUp(db, name);
      return;
    case 'bad_request':
    case 'incomplete':
    case 'unavailable':
      return;
  }
}
