import { Router, text } from 'express';
import { z } from 'zod';
import { sidOfStopAnswer } from '../../agora/decode-stop-answer.js';
import { parseJson } from '../../agora/parse-notification.js';
import { findSession } from '../../db/sessions/read-sessions.js';
import type { RegistrationField } from '../../sessions/facts/registrations.js';
import { notFound, ProblemError } from '../problem.js';
import type { ApiContext } from './api-context.js';
import { isAddressPart, NOT_AN_ADDRESS_PART, instantText, parse, sidText, storableText } from './parse-request.js';
import { sessionResponse } from './session-response.js';

const name = storableText.min(1);
const id = name.refine(isAddressPart, NOT_AN_ADDRESS_PART);
const registeredSid = sidText.refine(isAddressPart, NOT_AN_ADDRESS_PART);

/** uid: Agora's are numbers up to 2^32 - 1, and come as text or as numbers. */
const registrationBody = z.object({
  appId: id,
  resourceId: id,
  mode: z.enum(['individual', 'mix', 'web', 'raw']),
  cname: name,
  uid: z.union([storableText.min(1).max(64), z.number().int().nonnegative()]).transform(String),
  startedAt: instantText.nullish(),
  resourceExpiredHour: z.number().int().min(1).max(720).nullish(),
});

/** `replace=true`: this registration replaces the earlier ones. */
const registrationQuery = z.object({
  replace: z
    .enum(['true', 'false'])
    .default('false')
    .transform((word) => word === 'true'),
});

/** Writes by other services: they register a session, pass on what `stop` answered, or ask for a query. */
export function registrationRoutes(context: ApiContext): Router {
  const router = Router();
  router.put('/sessions/:sid', async (request, response) => {
    const sid = parse(registeredSid, request.params.sid, 'session id');
    const { startedAt, resourceExpiredHour, ...told } = parse(registrationBody, request.body, 'body');
    const { replace } = parse(registrationQuery, request.query, 'query');
    const registered = await context.writes.register({
      kind: 'registration',
      sid,
      ...told,
      startedMs: startedAt ?? null,
      resourceExpiredHour: resourceExpiredHour ?? null,
      receivedMs: context.now(),
      replaces: replace,
    });
    if (registered.kind === 'contradicts') throw contradiction(sid, registered.fields);
    response.status(registered.kind === 'created' ? 201 : 200).json(await readSession(context, sid));
  });
  router.post('/sessions/:sid/stop-response', text({ type: () => true, limit: '1mb' }), async (request, response) => {
    const sid = parse(sidText, request.params.sid, 'session id');
    const raw = typeof request.body === 'string' ? request.body : JSON.stringify(request.body);
    const answer = parseJson(raw);
    if (answer === undefined) throw new ProblemError({ status: 400, title: 'The body is not JSON' });
    const named = sidOfStopAnswer(answer) ?? sid;
    if (named !== sid) throw anotherSid(sid, named);
    const result = await context.writes.addStopAnswer(sid, raw);
    if (result === 'unknown_session') throw notFound(`No session ${sid} is known.`);
    response.status(result === 'stored' ? 201 : 200).json(await readSession(context, sid));
  });
  router.post('/sessions/:sid/reconcile', async (request, response) => {
    const sid = parse(sidText, request.params.sid, 'session id');
    const result = await context.writes.requestQuery(sid);
    if (result === 'unknown_session') throw notFound(`No session ${sid} is known.`);
    if (result === 'not_queryable') throw notQueryable(sid);
    response.status(202).json({ sid, status: 'requested' });
  });
  return router;
}

async function readSession({ db, now, rules }: ApiContext, sid: string): Promise<unknown> {
  const found = await findSession(db, sid);
  if (found === null) throw notFound(`No session ${sid} is known.`);
  return sessionResponse(found, now(), rules);
}

/** The fields by their names in the request body. */
function contradiction(sid: string, told: readonly RegistrationField[]): ProblemError {
  const fields = told.map((field) => (field === 'startedMs' ? 'startedAt' : field));
  return new ProblemError({
    status: 409,
    title: 'The session is registered differently',
    detail: `Session ${sid} is registered already, with another ${fields.join(', ')}. If this one is right and the earlier one is wrong, send it with ?replace=true.`,
    fields,
  });
}

function anotherSid(sid: string, named: string): ProblemError {
  return new ProblemError({
    status: 422,
    title: 'The answer is about another session',
    detail: `It was sent for session ${sid}, and names session ${named}. Nothing was kept.`,
  });
}

function notQueryable(sid: string): ProblemError {
  return new ProblemError({
    status: 409,
    title: 'The session cannot be queried',
    detail: `Session ${sid} is not registered, its app is not configured, or its query window is over.`,
  });
}
