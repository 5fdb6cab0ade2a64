import { z } from 'zod';
import type { AnswerOf } from '../openapi/route.js';
import { count, flag, integer, listOf, moment, next, oneOf, orNull, words } from './fields.js';
import { fileMention } from './file-schema.js';

const output = z.object({
  url: orNull(words('Where it is sent to.')),
  status: orNull(words("How that stands, in Agora's words.")),
});

const service = z
  .object({
    name: words("Agora's name of the part."),
    state: orNull(words("How it stands, in Agora's words.")),
    onHold: orNull(flag('Whether a web recording is paused.')),
    files: listOf('Files that it named.', fileMention),
    outputs: listOf('Streams that it publishes.', output),
  })
  .meta({ id: 'ObservedService', description: 'What a query told of one part of the recording.' });

const answer = z
  .object({
    status: orNull(integer("The status, by Agora's number, 0 to 20.")),
    cname: orNull(words('The channel.')),
    uid: orNull(words('The uid of the recorder that answered.')),
    sliceStartedAt: orNull(moment('When the present slice began.')),
    fileListMode: orNull(words('How Agora wrote the list of files.')),
    files: listOf('Files that were named.', fileMention),
    services: listOf('The parts that were told of.', service),
    recordingService: orNull(words("How the recording service stands, in Agora's words.")),
  })
  .meta({ id: 'QueryAnswer', description: 'What Agora answered with 200.' });

const TOLD = {
  answered: { answer },
  bad_request: { code: orNull(integer("Agora's code.")), reason: orNull(words("Agora's reason.")) },
  throttled: { retryAfterMs: orNull(count('For how long Agora wanted to be left alone, in milliseconds.')) },
  unavailable: { reason: oneOf('What was in the way.', ['timeout', 'network', 'server']) },
};

const RUN = {
  lastAskedAt: moment('When the last of the run was asked.'),
  lastAnsweredAt: moment('When the last of the run was answered.'),
};
const number = count('How many answers in a row said the same.');
const answeredAt = moment('When the first of the run was answered.');

const RUN_DETAILS = { count: number, answeredAt, ...RUN };

export const queryDetails = z
  .union([
    z.object({ ...TOLD.answered, ...RUN_DETAILS }).meta({ title: 'answered' }),
    z.object({ ...TOLD.bad_request, ...RUN_DETAILS }).meta({ title: 'bad_request' }),
    z.object({ ...TOLD.throttled, ...RUN_DETAILS }).meta({ title: 'throttled' }),
    z.object({ ...TOLD.unavailable, ...RUN_DETAILS }).meta({ title: 'unavailable' }),
    z.object(RUN_DETAILS).meta({ title: 'not_found, no_route, unauthorized, incomplete' }),
  ])
  .meta({ id: 'QueryDetails', description: 'What one query told, or a run of them that told the same.' });

const WHEN = {
  askedAt: moment('When the first of the run was asked.'),
  answeredAt,
  ...RUN,
  count: number,
  notFoundSince: orNull(
    moment('Of a 404 that proved an absence: when the first 404 of it was asked. Null for every other.'),
  ),
  clockEra: count(
    "How many steps of the ledger's clock had been found; only times of one era tell how long something took.",
  ).optional(),
};

function outcome<const T extends string>(name: T) {
  return z.literal(name).meta({ description: 'What came of it.' });
}

const LONE_OUTCOMES = ['not_found', 'no_route', 'unauthorized', 'incomplete'] as const;

export const observationSchema = z
  .union([
    z.object({ outcome: outcome('answered'), ...TOLD.answered, ...WHEN }),
    z.object({ outcome: outcome('bad_request'), ...TOLD.bad_request, ...WHEN }),
    z.object({ outcome: outcome('throttled'), ...TOLD.throttled, ...WHEN }),
    z.object({ outcome: outcome('unavailable'), ...TOLD.unavailable, ...WHEN }),
    z.object({ outcome: oneOf('What came of it.', LONE_OUTCOMES), ...WHEN }),
  ])
  .meta({ id: 'Observation', description: 'What queries told: one answer, or a run of answers that said the same.' });

export type QueryDetails = AnswerOf<typeof queryDetails>;
export type QueryAnswer = AnswerOf<typeof answer>;
export type ObservationAnswer = AnswerOf<typeof observationSchema>;

export const observationPage = z
  .object({ observations: listOf('What queries told, oldest first.', observationSchema), next })
  .meta({ id: 'ObservationPage', description: 'A page of what queries told of a session.' });
