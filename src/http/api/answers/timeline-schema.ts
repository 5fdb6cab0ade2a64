import { z } from 'zod';
import { RECORDING_MODES } from '../../../evidence/registration.js';
import type { AnswerOf } from '../openapi/route.js';
import { eventDetails } from './event-details-schema.js';
import { count, flag, integer, listOf, moment, next, oneOf, orNull, words } from './fields.js';
import { fileMention } from './file-schema.js';
import { queryDetails } from './observation-schema.js';

const SENT = {
  eventType: orNull(integer("Agora's number of the event; null for what no notification told.")),
  sequence: orNull(integer('Its number among those of its sender.')),
  serviceType: orNull(integer("Agora's number of the module that sent it.")),
  uid: orNull(words('The recorder that it speaks of.')),
  receivedAt: moment('When the ledger was told.'),
  deliveries: count('How often it was delivered.'),
};

const at = moment('When it happened.');

const registrationDetails = z
  .object({
    appId: words('The app.'),
    resourceId: words('The resource id of `acquire`.'),
    mode: oneOf('The recording mode.', RECORDING_MODES),
    cname: words('The channel.'),
    uid: words('The uid that it was started with.'),
    resourceExpiredHour: orNull(count('For how many hours after the start it can be asked about.')),
    startedAt: orNull(moment('When `start` was called.')),
  })
  .meta({ id: 'RegistrationDetails', description: 'What was told when the session was registered.' });

const stopDetails = z
  .object({
    stopped: flag('False where `stop` was refused.'),
    code: orNull(integer("Agora's code of the refusal.")),
    uploadingStatus: orNull(oneOf('How far the upload was.', ['uploaded', 'backuped', 'stranded', 'unknown'])),
    files: listOf('Files that were named.', fileMention),
  })
  .meta({ id: 'StopDetails', description: 'What `stop` answered.' });

const callDetails = z
  .object({
    method: oneOf("Agora's name of the method.", ['start', 'update', 'updateLayout']),
    httpStatus: integer('The status of the answer.'),
    answeredAt: moment('When Agora answered.'),
  })
  .meta({ id: 'CallDetails', description: 'A call to Agora that was passed on.' });

const lookDetails = z
  .object({
    bucket: words("The bucket's name in the settings."),
    folders: listOf('Where it was looked.', words('A folder, with a slash at its end; empty for the top.')),
    answeredAt: moment('When the last answer came.'),
    files: count('Files of the session that were found, segments left out.').optional(),
    segments: count('Segments that were found.').optional(),
    absent: listOf('Files that were told of and are not there, 20 at most.', words('A name.')).optional(),
    status: integer('The status of a refusal.').optional(),
    code: orNull(words('The code that the bucket gave for it.')).optional(),
    reason: oneOf('Why no answer could be had.', [
      'timeout',
      'network',
      'server',
      'throttled',
      'unreadable',
    ]).optional(),
  })
  .meta({ id: 'LookDetails', description: 'What a look into a bucket showed.' });

const absenceDetails = z
  .object({
    firstNotFoundAt: moment('When the first of the queries that found nothing was asked.'),
    notAfter: moment('When it was over at the latest.'),
  })
  .meta({ id: 'AbsenceDetails', description: 'Since when queries had found nothing.' });

const reopeningDetails = z
  .object({ because: words('What showed it alive after all.') })
  .meta({ id: 'ReopeningDetails', description: 'Why it is not over after all.' });

const kind = words('What happened: the name of the event.');

const knownNotice = z.object({ at, source: z.literal('notice'), kind, ...SENT, details: eventDetails });
const unknownNotice = z.object({
  at,
  source: z.literal('notice'),
  kind: z
    .string()
    .regex(/^event_-?\d+$/)
    .meta({ description: 'An event that no document describes, by its number.' }),
  ...SENT,
  details: z.record(z.string(), z.unknown()).meta({ description: 'As Agora sent them: names and units are theirs.' }),
});
const query = z.object({ at, source: z.literal('query'), kind, ...SENT, details: queryDetails });
const registered = z.object({ at, source: z.literal('registration'), kind, ...SENT, details: registrationDetails });
const stopped = z.object({ at, source: z.literal('stop'), kind, ...SENT, details: stopDetails });
const called = z.object({ at, source: z.literal('call'), kind, ...SENT, details: callDetails });
const looked = z.object({ at, source: z.literal('bucket'), kind, ...SENT, details: lookDetails });
const inferred = z.object({
  at,
  source: z.literal('inference'),
  kind,
  ...SENT,
  details: z.union([absenceDetails, reopeningDetails]).meta({ description: 'What the ledger concluded, and why.' }),
});

export const timelineEntrySchema = z
  .union([knownNotice, unknownNotice, query, registered, stopped, called, looked, inferred])
  .meta({ id: 'TimelineEntry', description: 'One known happening of a session, and who told of it.' });

export type TimelineEntryAnswer = AnswerOf<typeof timelineEntrySchema>;

export const timelinePage = z
  .object({ timeline: listOf('Happenings, in the order in which they happened.', timelineEntrySchema), next })
  .meta({ id: 'TimelinePage', description: "A page of a session's timeline." });
