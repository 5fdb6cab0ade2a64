import { z } from 'zod';
import { RECORDING_MODES } from '../../../evidence/registration.js';
import { UPLOAD_STATES } from '../../../sessions/facts/upload.js';
import { CERTAINTIES, SESSION_OUTCOMES, SESSION_STATES } from '../../../sessions/verdict/session.js';
import type { AnswerOf } from '../openapi/route.js';
import { amount, count, flag, integer, listOf, moment, next, oneOf, orNull, words } from './fields.js';

export const QUERY_OUTCOMES = [
  'answered',
  'not_found',
  'no_route',
  'bad_request',
  'unauthorized',
  'throttled',
  'incomplete',
  'unavailable',
] as const;

const startedAt = z.object({
  at: moment('When it started.'),
  source: oneOf('Who told of the start.', ['notice', 'query', 'registration']),
});

const endedAt = z.object({
  at: orNull(moment('When it ended; null where nobody saw the moment.')),
  notBefore: orNull(moment('The last sign of life, where the moment itself is not known.')),
  notAfter: orNull(moment('The first sign of its absence, where the moment itself is not known.')),
  source: oneOf('Who told of the end.', ['notice', 'query', 'stop']),
});

const upload = z.object({
  state: oneOf('How far the upload got: of several recorders the worst.', UPLOAD_STATES),
  progress: orNull(amount('The part that is uploaded, from 0 to 1, as last reported.')),
});

const notices = z.object({
  events: count('Distinct notifications.'),
  deliveries: count('Notifications, repeated deliveries included.'),
  duplicates: count('Repeated deliveries.'),
  outOfOrder: count('Notifications that came after one with a higher sequence number of the same sender.'),
  lastAt: orNull(moment('When the last one was received.')),
});

const gaps = z.object({
  open: count('Runs of sequence numbers that are still missing.'),
  settled: count('Runs that late notifications or a query have settled.'),
});

const observations = z.object({
  count: count('Queries about it that were answered, in whatever way.'),
  lastAt: orNull(moment('When the last one was asked.')),
  lastOutcome: orNull(oneOf('What came of the last one.', QUERY_OUTCOMES)),
});

const finding = z.object({
  code: words('Which kind of finding it is; docs/findings.md describes each.'),
  at: moment('When what it speaks of happened.'),
  message: words('What was found, in words about this session.'),
});

const output = z.object({
  url: words('Where it is sent to, without the stream key.'),
  status: words("How that stands, in Agora's words."),
  since: moment('Since when no source has reported otherwise.'),
});

const video = z.object({
  fileName: orNull(words('The recorded file.')),
  videoId: orNull(words('Its id at the video platform.')),
});

const sessionService = z
  .object({
    name: words("Agora's name of the part."),
    state: words("How it stands, in Agora's words.").optional(),
    onHold: flag('Whether a web recording is paused.').optional(),
    outputs: listOf('The addresses that it pushes to.', output).optional(),
    videos: listOf('What went to a video platform.', video).optional(),
    at: moment('When it was last reported.'),
    source: oneOf('Who reported it.', ['query', 'notice']),
  })
  .meta({
    id: 'Service',
    description: 'A part of a session, such as its web recorder. What nobody reported is left out.',
  });

export type ServiceAnswer = AnswerOf<typeof sessionService>;

export const recordingStorage = z
  .object({
    vendor: orNull(integer("The storage's vendor, by Agora's number.")),
    region: orNull(integer("Its region, by Agora's number.")),
    bucket: orNull(words('The bucket.')),
    prefix: words('The folder of its files in the bucket; empty where there is none.'),
  })
  .meta({ id: 'RecordingStorage', description: 'Where a recording is uploaded to.' });

const bucketHole = z.object({
  from: orNull(moment('When it begins; null where nothing tells the time.')),
  to: orNull(moment('When it ends.')),
  lengthMs: count('How long it is, in milliseconds.'),
});

const sessionBucket = z
  .object({
    lookedAt: moment('When the last look was begun.'),
    outcome: oneOf('What came of it.', ['listed', 'refused', 'unavailable']),
    name: orNull(words('The bucket where most was found, by its name in the settings.')),
    files: count('Files of the session that are there, segments left out.'),
    segments: count('Segments that its playlists list.'),
    missingSegments: count('Those of them that are not there.'),
    missingFiles: count('Files that were told of and are not there.'),
    complete: orNull(flag('Whether everything is there; null where no bucket could be listed.')),
    recordedMs: orNull(count('The length of what is there by its playlists, in milliseconds.')),
    lengthMs: orNull(count('The length of the session, in milliseconds; null where start or end is not known.')),
    holes: listOf('Stretches of which no playlist has anything, 10 at most.', bucketHole),
    moreHoles: count('How many more there are.'),
  })
  .meta({ id: 'SessionBucket', description: 'What looks into buckets show of a session.' });

export const sessionSchema = z
  .object({
    sid: words("Agora's id of the recording."),
    appId: orNull(words('The app that it belongs to.')),
    resourceId: orNull(words('The resource id of `acquire`, as it was registered.')),
    mode: orNull(oneOf('The recording mode it was started with.', RECORDING_MODES)),
    cname: orNull(words('The channel that is recorded.')),
    uid: orNull(words('The uid that it was started with.')),
    recorderUids: listOf(
      'Every recorder that spoke for it; more than one after a failover.',
      words('The uid of a recorder.'),
    ),
    state: oneOf('Where it stands.', SESSION_STATES),
    outcome: orNull(oneOf('How it came out; null while it is not over.', SESSION_OUTCOMES)),
    certainty: oneOf(
      'Who vouches for the state: notifications alone (`reported`), queries alone (`observed`), or both (`confirmed`).',
      CERTAINTIES,
    ),
    queryable: flag('Whether Agora can be asked about it now: it is registered, and its query window is not over.'),
    startedAt: orNull(startedAt.meta({ description: 'When it started, and who told.' })),
    endedAt: orNull(endedAt.meta({ description: 'When it ended: a moment, or the interval in which it must have.' })),
    serviceStatus: orNull(integer("The last status that was heard, by Agora's number, 0 to 20.")),
    services: listOf('What queries and notifications last reported of its parts.', sessionService),
    storage: recordingStorage
      .optional()
      .meta({ description: 'Where it is recorded to; where its `start` was passed on.' }),
    bucket: sessionBucket
      .optional()
      .meta({ description: 'What is in the bucket of its files; where the ledger has looked.' }),
    endKnownAt: orNull(moment('When the first version was made that said that it was over; null while it lives.')),
    upload: upload.meta({ description: 'The upload of its files.' }),
    notices: notices.meta({ description: 'What notifications about it were received.' }),
    gaps: gaps.meta({ description: 'Sequence numbers that did not come in their turn.' }),
    observations: observations.meta({ description: 'What queries told of it.' }),
    findings: listOf('What a person may need to know of it, oldest first.', finding),
    version: count('Rises by one with each change that is published.'),
    updatedAt: moment('When this version was made.'),
  })
  .meta({ id: 'Session', description: 'A recording session as its evidence has it.' });

export type SessionAnswer = AnswerOf<typeof sessionSchema>;

export const sessionPage = z
  .object({
    sessions: listOf('The sessions of this page.', sessionSchema),
    next,
    count: z
      .object({
        value: count('How many fit.'),
        exact: flag('False beyond 10,000: then it is an estimate.'),
      })
      .optional()
      .meta({ description: 'How many sessions fit, on all pages; where it was asked for.' }),
  })
  .meta({ id: 'SessionPage', description: 'A page of sessions.' });
