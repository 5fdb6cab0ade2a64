import type { PoolClient } from 'pg';
import { outcomeOfResponse } from '../agora/outcome-of-response.js';
import { withTransaction } from '../db/connection/with-transaction.js';
import { noteAcquired, notePassedCall, noteStartedWith } from '../db/evidence/passed-calls.js';
import { requestFold } from '../db/evidence/pending-evidence.js';
import { findRegistration } from '../db/evidence/registrations.js';
import { insertStopAnswer } from '../db/evidence/stop-answers.js';
import { lockSession } from '../db/sessions/session-lock.js';
import type { CallEvidence } from '../evidence/passed-call.js';
import type { Registration } from '../evidence/registration.js';
import { foldSession } from './fold-sessions.js';
import type { FoldContext } from './fold-context.js';
import { recordAnswer } from './record-answer.js';
import { register } from './register.js';
import { registerFromCall } from './register-from-call.js';

type Told<Kind extends CallEvidence['kind']> = Extract<CallEvidence, { kind: Kind }>;

/** A call that was passed on, by its own id, with what it told. */
export type RecordedCall = {
  callId: string;
  account: string;
  told: CallEvidence;
  /** Whether the answer was written to whoever had called. */
  heard: boolean;
  /** The era of the clock by which it is dated. */
  clockEra: number;
};

/**
 * Makes evidence of one call that was passed on to Agora. Its id is stored in the same transaction, so a call
 * that is recorded twice, by a process that died in between and by the next one, counts once.
 */
export async function recordCall(context: FoldContext, call: RecordedCall): Promise<void> {
  const { told } = call;
  switch (told.kind) {
    case 'acquired':
      return recordAcquired(context, told);
    case 'started':
      return recordOnSession(context, call, 'start', told, async (tx) => {
        const resourceExpiredHour = await noteStartedWith(tx, told);
        const startCall = { storage: told.storage, heard: call.heard };
        const registration = { ...registrationOf(told), startedMs: told.calledMs, resourceExpiredHour, startCall };
        await registerFromCall(tx, registration, context.now());
        await requestFold(tx, told.sid, 'passed_call', told.answeredMs);
      });
    case 'updated':
      return recordOnSession(context, call, told.method, told, async (tx) => {
        await registerFromCall(tx, registrationOf(told), context.now());
        await requestFold(tx, told.sid, 'passed_call', told.answeredMs);
      });
    case 'stopped':
      return recordOnSession(context, call, 'stop', told, async (tx) => {
        await registerFromCall(tx, registrationOf(told), context.now());
        const isNew = await insertStopAnswer(tx, told.sid, told.body, told.answeredMs);
        if (isNew) await requestFold(tx, told.sid, 'stop_answer', told.answeredMs);
      });
    case 'queried':
      return recordQueried(context, call, told);
  }
}

/** Where the session that was started with it is known already, it learns how long it can be asked about. */
async function recordAcquired(context: FoldContext, told: Told<'acquired'>): Promise<void> {
  const { resourceExpiredHour } = told;
  const sid = await noteAcquired(context.db.pool, told);
  if (sid === null || resourceExpiredHour === null) return;
  const known = await findRegistration(context.db.pool, sid);
  if (known === null) return;
  const { startCall: _call, ...inForce } = known;
  await register(context, { ...inForce, resourceExpiredHour, receivedMs: context.now(), replaces: false });
}

async function recordOnSession(
  context: FoldContext,
  { callId }: RecordedCall,
  method: string,
  told: Told<'started' | 'updated' | 'stopped'>,
  store: (tx: PoolClient) => Promise<void>,
): Promise<void> {
  await withTransaction(context.db, async (tx) => {
    await lockSession(tx, told.sid);
    if (await notePassedCall(tx, callId, method, told)) await store(tx);
  });
  await foldSession(context, told.sid); // if the process dies before this, the sweep folds it
}

function registrationOf(told: Told<'started' | 'updated' | 'stopped'>): Registration {
  const { sid, appId, resourceId, mode, cname, uid, answeredMs } = told;
  const of = { sid, appId, resourceId, mode, cname, uid };
  return {
    kind: 'registration',
    ...of,
    startedMs: null,
    resourceExpiredHour: null,
    receivedMs: answeredMs,
    replaces: false,
  };
}

/** An answer is about a session that is registered; one that names channel and uid registers it. */
async function recordQueried(context: FoldContext, call: RecordedCall, told: Told<'queried'>): Promise<void> {
  const { sid, calledMs: askedMs, answeredMs, httpStatus, body } = told;
  const outcome = outcomeOfResponse({ status: httpStatus, headers: {}, body, nowMs: answeredMs });
  const registration =
    (await findRegistration(context.db.pool, sid)) ?? (await registerQueried(context, told, outcome));
  if (registration === null) return;
  const answer = { sid, askedMs, answeredMs, outcome, httpStatus, body, clockEra: call.clockEra };
  await recordAnswer(context, call.account, answer, told, (tx) => notePassedCall(tx, call.callId, 'query', told));
}

async function registerQueried(
  context: FoldContext,
  told: Told<'queried'>,
  outcome: ReturnType<typeof outcomeOfResponse>,
): Promise<Registration | null> {
  if (outcome.kind !== 'answered') return null;
  const { cname, uid } = outcome.answer;
  if (cname === null || uid === null) return null;
  const { sid, appId, resourceId, mode, answeredMs: receivedMs } = told;
  const open = { startedMs: null, resourceExpiredHour: null, replaces: false };
  const registration: Registration = {
    kind: 'registration',
    ...{ sid, appId, resourceId, mode, cname, uid, receivedMs },
    ...open,
  };
  await register(context, registration);
  return registration;
}
