import { z } from 'zod';
import type { AnswerOf } from '../openapi/route.js';
import { count, flag, integer, listOf, moment, next, oneOf, orNull, words } from './fields.js';

export const gapSchema = z
  .object({
    uid: words('The recorder whose numbers are missing.'),
    serviceType: orNull(
      integer('The module that counts for itself, by its number; null where all of a recorder share one count.'),
    ),
    from: integer('The lowest number of the run.'),
    to: integer('The highest number of the run.'),
    count: count('How many numbers are missing in it.'),
    state: oneOf('Whether it is settled.', ['open', 'settled']),
    openedAt: moment('When a higher number was received.'),
    settledAt: orNull(moment('When it was settled.')),
    settledBy: orNull(oneOf('What settled it: late notifications, or a query that covers them.', ['notice', 'query'])),
  })
  .meta({ id: 'Gap', description: 'A run of sequence numbers that did not come in their turn.' });

export type GapAnswer = AnswerOf<typeof gapSchema>;

export const gapPage = z
  .object({ gaps: listOf('The gaps of this page, as they were revealed.', gapSchema), next })
  .meta({ id: 'GapPage', description: "A page of a session's gaps." });

const stream = z
  .object({
    streamUid: words('Whose stream.'),
    media: oneOf('Which kind of stream.', ['audio', 'video']),
    from: moment('When it began to be received.'),
    to: orNull(moment('When it ceased to be; null while it lasts.')),
  })
  .meta({ id: 'StreamInterval', description: "A time in which one user's audio or video was received." });

const slice = z
  .object({
    startedAt: moment('When the slice began.'),
    streamUid: orNull(words('Whose stream it holds.')),
    trackType: orNull(words('What it holds.')),
    mixedAllUser: orNull(flag('Whether it holds all users, mixed.')),
  })
  .meta({ id: 'Slice', description: 'One stretch of recording without interruption.' });

const interruption = z
  .object({
    from: moment('When the last good slice ended.'),
    to: moment('When the next one began.'),
    streamUid: orNull(words('Whose stream.')),
  })
  .meta({ id: 'Interruption', description: 'A time in which nothing was recorded.' });

export const streamsSchema = z
  .object({
    streams: listOf('Who was received when.', stream),
    slices: listOf('The slices, by their beginning.', slice),
    interruptions: listOf('When nothing was recorded.', interruption),
  })
  .meta({ id: 'Streams', description: 'Who was recorded when.' });

export type StreamsAnswer = AnswerOf<typeof streamsSchema>;

const reference = z
  .object({
    source: oneOf('Who told.', ['notice', 'query', 'registration', 'stop', 'bucket']),
    at: moment('When, as the timeline has it.'),
    what: words('What was told.'),
  })
  .meta({ id: 'EvidenceReference', description: 'Where a piece of evidence is found in the timeline.' });

const explanation = z
  .object({
    fact: oneOf('Which fact of the session.', ['state', 'outcome', 'startedAt', 'endedAt', 'upload', 'certainty']),
    value: orNull(words('What it is now.')),
    rule: words('A stable name of the rule that decided.'),
    because: words('The rule in words that can be read to a customer.'),
    evidence: listOf('What it rests on.', reference),
  })
  .meta({ id: 'Explanation', description: 'Why one fact of a session is what it is.' });

export type ExplanationAnswer = AnswerOf<typeof explanation>;

export const explanationsSchema = z
  .object({
    sid: words("Agora's id of the recording."),
    version: count('The version that is explained.'),
    facts: listOf('The facts, each with its reason.', explanation),
  })
  .meta({ id: 'Explanations', description: 'Why a session is as it is.' });
