import { z } from 'zod';
import type { AnswerOf } from '../openapi/route.js';
import { RAW_BODY } from '../raw-body.js';
import { count, flag, integer, listOf, moment, next, orNull, words } from './fields.js';

const redelivery = z.object({
  receivedAt: moment('When it came again.'),
  noticeId: orNull(words('Under which noticeId.')),
});

export const noticeSchema = z
  .object({
    noticeId: orNull(words("Agora's id of the notification.")),
    appId: words('The app that it came for.'),
    sid: orNull(words('The session; null where it is of another product than recording.')),
    productId: orNull(integer("Agora's number of the product.")),
    eventType: integer("Agora's number of the event."),
    kind: orNull(words("The event's name; null where it is of another product.")),
    sequence: orNull(integer('Its number among those of its sender.')),
    serviceType: orNull(integer("Agora's number of the module that sent it.")),
    uid: orNull(words('The recorder that it speaks of.')),
    isTest: flag('Whether the console sent it as a test.'),
    occurredAt: moment('When it happened, as Agora says.'),
    receivedAt: moment('When it first came.'),
    deliveries: count('How often it came, the first time included.'),
    redeliveries: listOf('When it came again; the first 100 times.', redelivery),
    ...RAW_BODY,
  })
  .meta({ id: 'Notice', description: 'A notification as Agora sent it.' });

export type NoticeAnswer = AnswerOf<typeof noticeSchema>;

export const noticePage = z
  .object({ notices: listOf('Notifications in order of receipt.', noticeSchema), next })
  .meta({ id: 'NoticePage', description: "A page of a session's notifications." });

export const quarantinedSchema = z
  .object({
    id: words('Its number in the quarantine.'),
    appId: words('The app that it came for.'),
    reason: words('Why it could not be taken in.'),
    receivedAt: moment('When it came.'),
    replayedAt: orNull(moment('When it was taken in after all; null while it waits.')),
    bytes: count('Its size, in bytes.'),
    ...RAW_BODY,
  })
  .meta({ id: 'QuarantinedBody', description: 'A body with a valid signature that could not be taken in.' });

export type QuarantinedAnswer = AnswerOf<typeof quarantinedSchema>;

export const quarantinePage = z
  .object({ quarantine: listOf('Bodies, newest first.', quarantinedSchema), next })
  .meta({ id: 'QuarantinePage', description: 'A page of the quarantine.' });

export const replaySchema = z
  .object({
    taken: count('How many were taken in.'),
    stay: listOf('What still cannot be taken in.', z.object({ reason: words('Why not.'), count: count('How many.') })),
    next,
  })
  .meta({ id: 'Replay', description: 'What came of trying quarantined bodies again.' });
