import { z } from 'zod';
import { SESSION_ORDERS, type SessionOrder, type SessionPosition } from '../../db/sessions/list-sessions.js';
import type { SessionFilters } from '../../db/sessions/session-conditions.js';
import { RECORDING_MODES } from '../../evidence/registration.js';
import { UPLOAD_STATES } from '../../sessions/facts/upload.js';
import { CERTAINTIES, SESSION_OUTCOMES, SESSION_STATES } from '../../sessions/verdict/session.js';
import type { ServedContext } from './api-context.js';
import { WIRE } from './openapi/json-schemas.js';
import {
  flagText,
  instant,
  instantNumber,
  listText,
  readCursor,
  sidText,
  storableText,
  text,
  wordsText,
  writeCursor,
} from './parse-request.js';

const MOST_STATUS = 1_000;

const statusText = z
  .string()
  .regex(/^\d{1,4}$/, 'must be a whole number')
  .transform(Number)
  .refine((status) => status <= MOST_STATUS, 'must be a status');

const texts = (description: string) => listText(description, storableText.min(1), { type: 'string' });

/** Of several values of one filter, separated by commas, any may fit; of several filters all must. */
export const sessionFilters = {
  appId: texts('Of one of these apps.').optional(),
  state: wordsText('In one of these states.', SESSION_STATES).optional(),
  outcome: wordsText('That came out like one of these.', SESSION_OUTCOMES).optional(),
  certainty: wordsText('Whose state is as certain as one of these.', CERTAINTIES).optional(),
  mode: wordsText('Recorded in one of these modes.', RECORDING_MODES).optional(),
  upload: wordsText('Whose upload is in one of these states.', UPLOAD_STATES).optional(),
  finding: texts('With a finding of one of these codes.').optional(),
  serviceStatus: listText("Whose last status was one of these, by Agora's numbers.", statusText, {
    type: 'integer',
    minimum: 0,
    maximum: MOST_STATUS,
  }).optional(),
  uid: texts('Started with one of these uids.').optional(),
  resourceId: text('Registered with this resource id.').optional(),
  cname: text('Of this channel.').optional(),
  q: storableText.min(1).optional().meta({ description: 'Whose sid or channel begins with this.' }),
  hasGaps: flagText('Whether sequence numbers are missing.').optional(),
  queryable: flagText('Whether Agora can be asked about it now.').optional(),
  startedFrom: instant('Started at this moment or later.').optional(),
  startedTo: instant('Started before this moment.').optional(),
  endedFrom: instant(
    'Ended at this moment or later; where only an interval is known, the latest moment in it counts.',
  ).optional(),
  endedTo: instant('Ended before this moment; of an interval the latest moment counts.').optional(),
  updatedAfter: instant('With a version after this moment.').optional(),
};

type Asked = z.output<z.ZodObject<typeof sessionFilters>>;

export function readFilters(asked: Asked, { now, configuredApps }: ServedContext): SessionFilters {
  const { q, queryable, startedFrom, startedTo, endedFrom, endedTo, updatedAfter, ...exact } = asked;
  return {
    ...exact,
    start: q,
    queryable: queryable === undefined ? undefined : { wanted: queryable, nowMs: now(), apps: configuredApps },
    startedFromMs: startedFrom,
    startedToMs: startedTo,
    endedFromMs: endedFrom,
    endedToMs: endedTo,
    updatedAfterMs: updatedAfter,
  };
}

/** How a list of sessions is ordered and counted. */
export const sessionOrder = {
  order: z
    .enum(SESSION_ORDERS)
    .default('newest')
    .meta({
      description:
        'By when the ledger first heard of them, `newest` or `oldest` first; or those with the newest version first (`updated`): one that changes while pages are read is then at the front again.',
      [WIRE]: { type: 'string', enum: SESSION_ORDERS, default: 'newest' },
    }),
  count: flagText('Whether to count all that fit.').default(false),
};

const createdShape = z
  .object({ createdMs: instantNumber, sid: sidText })
  .transform(({ createdMs, sid }) => ({ of: 'created' as const, atMs: createdMs, sid }));
const updatedShape = z
  .object({ updatedMs: instantNumber, sid: sidText })
  .transform(({ updatedMs, sid }) => ({ of: 'updated' as const, atMs: updatedMs, sid }));

export function readPosition(order: SessionOrder, cursor: string | undefined): SessionPosition | null {
  return order === 'updated' ? readCursor(updatedShape, cursor) : readCursor(createdShape, cursor);
}

export function writePosition({ of, atMs, sid }: SessionPosition): string {
  return writeCursor(of === 'updated' ? { updatedMs: atMs, sid } : { createdMs: atMs, sid });
}
