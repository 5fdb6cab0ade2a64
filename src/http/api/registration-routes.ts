import { z } from 'zod';
import { sidOfStopAnswer } from '../../agora/decode-stop-answer.js';
import { parseJson } from '../../agora/parse-notification.js';
import { findSession } from '../../db/sessions/read-sessions.js';
import { RECORDING_MODES } from '../../evidence/registration.js';
import type { RegistrationField } from '../../sessions/facts/registrations.js';
import { notFound, ProblemError } from '../problem.js';
import { oneOf, words } from './answers/fields.js';
import { sessionSchema, type SessionAnswer } from './answers/session-schema.js';
import type { ServedContext } from './api-context.js';
import { routesFor } from './openapi/route.js';
import { isAddressPart, NOT_AN_ADDRESS_PART, flagText, instantText, sidText, storableText } from './parse-request.js';
import { sessionResponse } from './session-response.js';

const route = routesFor<ServedContext>();

const name = storableText.min(1);
const id = name.refine(isAddressPart, NOT_AN_ADDRESS_PART);
export const registeredSid = sidText
  .refine(isAddressPart, NOT_AN_ADDRESS_PART)
  .meta({ description: sidText.description ?? '' });

/** uid: Agora's are numbers up to 2^32 - 1, and come as text or as numbers. */
export const registrationBody = z
  .object({
    appId: id.meta({ description: 'The app that recorded.' }),
    resourceId: id.meta({ description: 'The resource id that `acquire` answered.' }),
    mode: oneOf('The recording mode.', RECORDING_MODES),
    cname: name.meta({ description: 'The channel that is recorded.' }),
    uid: z
      .union([storableText.min(1).max(64), z.number().int().nonnegative()])
      .transform(String)
      .meta({ description: 'The uid that the recording was started with.' }),
    startedAt: instantText.nullish().meta({ description: 'When `start` was called; ISO 8601 with a zone.' }),
    resourceExpiredHour: z
      .number()
      .int()
      .min(1)
      .max(720)
      .nullish()
      .meta({ description: 'For how many hours it can be asked about, as `acquire` was told; 72 where left out.' }),
  })
  .meta({ id: 'Registration', description: 'What whoever called `start` knows of a recording.' });

const putSession = route({
  method: 'put',
  path: '/v1/sessions/{sid}',
  id: 'registerSession',
  tag: 'sessions',
  role: 'write',
  summary: 'Register a session',
  description:
    'For the service that called `start`: without it Agora cannot be asked about the session. It may come before or long after the first notification.',
  pathParameters: { sid: registeredSid },
  query: {
    replace: flagText('Whether what is told counts in place of what was told before; all of it is kept.').default(
      false,
    ),
  },
  body: registrationBody,
  answers: {
    200: { description: 'It says the same again, adds what was missing, or replaces.', schema: sessionSchema },
    201: { description: 'Registered.', schema: sessionSchema },
  },
  problems: { 409: 'It contradicts what was told before; `fields` names in what.' },
  handle: async (context, { path: { sid }, query: { replace }, body }) => {
    const { startedAt, resourceExpiredHour, ...told } = body;
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
    const session = await readSession(context, sid);
    return { status: registered.kind === 'created' ? 201 : 200, body: session };
  },
});

const addStopResponse = route({
  method: 'post',
  path: '/v1/sessions/{sid}/stop-response',
  id: 'addStopResponse',
  tag: 'sessions',
  role: 'write',
  summary: 'What `stop` answered',
  description: 'The body that `stop` answered, as it came: further evidence of the end. Sending it again does nothing.',
  pathParameters: { sid: sidText },
  body: z.unknown().meta({ description: "The answer of Agora's `stop`, whatever its status was." }),
  takesAnyBody: true,
  answers: {
    200: { description: 'Known already.', schema: sessionSchema },
    201: { description: 'Kept.', schema: sessionSchema },
  },
  problems: { 404: 'No such session is known.', 422: 'The answer names another session.' },
  handle: async (context, { path: { sid }, text }) => {
    const named = sidOfStopAnswer(parseJson(text)) ?? sid;
    if (named !== sid) throw anotherSid(sid, named);
    const result = await context.writes.addStopAnswer(sid, text);
    if (result === 'unknown_session') throw notFound(`No session ${sid} is known.`);
    return { status: result === 'stored' ? 201 : 200, body: await readSession(context, sid) };
  },
});

const reconcileSession = route({
  method: 'post',
  path: '/v1/sessions/{sid}/reconcile',
  id: 'reconcileSession',
  tag: 'sessions',
  role: 'write',
  summary: 'Ask Agora now',
  description: 'Asks for a query now, within the budget. What it tells is seen in a later version of the session.',
  pathParameters: { sid: sidText },
  answers: {
    202: {
      description: 'It will be asked.',
      schema: z
        .object({ sid: words("Agora's id of the recording."), status: oneOf('`requested`.', ['requested']) })
        .meta({ id: 'QueryRequest', description: 'That a query is wanted.' }),
    },
  },
  problems: { 404: 'No such session is known.', 409: 'Agora cannot be asked about it.' },
  handle: async (context, { path: { sid } }) => {
    const result = await context.writes.requestQuery(sid);
    if (result === 'unknown_session') throw notFound(`No session ${sid} is known.`);
    if (result === 'not_queryable') throw notQueryable(sid);
    return { status: 202, body: { sid, status: 'requested' } };
  },
});

const checkFiles = route({
  method: 'post',
  path: '/v1/sessions/{sid}/files/check',
  id: 'checkFiles',
  tag: 'sessions',
  role: 'write',
  summary: 'Look into the bucket now',
  description:
    'Asks for a look into the bucket now, within its budget. What it shows is seen in a later version of the session, and in its files.',
  pathParameters: { sid: sidText },
  answers: {
    202: {
      description: 'It will be looked.',
      schema: z
        .object({ sid: words("Agora's id of the recording."), status: oneOf('`requested`.', ['requested']) })
        .meta({ id: 'LookRequest', description: 'That a look into the bucket is wanted.' }),
    },
  },
  problems: { 404: 'No such session is known.', 409: 'No configured bucket fits it.' },
  handle: async (context, { path: { sid } }) => {
    const result = await context.writes.requestLook(sid);
    if (result === 'unknown_session') throw notFound(`No session ${sid} is known.`);
    if (result === 'no_bucket') throw noBucket(sid);
    return { status: 202, body: { sid, status: 'requested' } };
  },
});

/** Writes by other services: they register a session, pass on what `stop` answered, or ask for a query or a look. */
export const registrationRoutes = [putSession, addStopResponse, reconcileSession, checkFiles];

async function readSession({ db, now, rules }: ServedContext, sid: string): Promise<SessionAnswer> {
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

function noBucket(sid: string): ProblemError {
  return new ProblemError({
    status: 409,
    title: 'No bucket fits the session',
    detail: `BUCKETS_FILE names no bucket in which files of session ${sid} may lie: of its app, or the one that its start named.`,
  });
}

function notQueryable(sid: string): ProblemError {
  return new ProblemError({
    status: 409,
    title: 'The session cannot be queried',
    detail: `Session ${sid} is not registered, its app is not configured, or its query window is over.`,
  });
}
