import { noticeKeyOf } from '../../src/agora/parse-notification.js';
import { scheduleOf, type ScheduleRules } from '../../src/ledger/schedule-of.js';
import { conclude } from '../../src/sessions/views/conclude.js';
import type { Cell } from '../copy-in.js';
import { APPS, drawn, movedTo, textOf, type Self, type Text } from './copies.js';
import { START_MS, type Template } from './template.js';

/** What a session consists of in the database. */
export const TABLES = {
  sessions: [
    'sid',
    'app_id',
    'mode',
    'cname',
    'state',
    'outcome',
    'certainty',
    'has_gaps',
    'started_at',
    'created_at',
    'updated_at',
    'version',
    'facts',
    'session',
    'folded_at',
  ],
  changes: ['sid', 'version', 'at', 'session', 'changed', 'because'],
  registrations: ['sid', 'app_id', 'resource_id', 'mode', 'cname', 'uid', 'started_at', 'received_at'],
  observations: [
    'sid',
    'asked_at',
    'answered_at',
    'last_asked_at',
    'last_answered_at',
    'outcome',
    'status',
    'http_status',
    'body',
  ],
  session_files: ['sid', 'name', 'kind', 'track_type', 'uid', 'mixed_all_user', 'playable', 'first_seen_at', 'sources'],
  session_gaps: [
    'sid',
    'uid',
    'service_type',
    'first_missing',
    'last_missing',
    'revealed_at',
    'settled_at',
    'settled_by',
  ],
  query_schedule: [
    'sid',
    'account',
    'priority',
    'reason',
    'due_at',
    'last_verified_at',
    'live_since',
    'beat_due_at',
    'waiting_since',
    'app_id',
  ],
  notices: [
    'sid',
    'received_at',
    'event_key',
    'notice_id',
    'app_id',
    'product_id',
    'event_type',
    'service_type',
    'uid',
    'sequence',
    'occurred_at',
    'is_test',
    'raw',
  ],
  notice_identities: ['notice_key', 'event_key', 'received_at'],
  repeated_deliveries: ['sid', 'event_key', 'notice_id', 'received_at'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type TableName = keyof typeof TABLES;
export type SessionRows = Record<TableName, Cell[][]>;

/** The scope in which noticeIds are told apart: that of the account's first app. */
export const SCOPE = APPS[0] ?? '';
/** Of so many notifications one comes twice. */
const REPEATED_OF = 20;

export function rowsOf(self: Self, template: Template, nth: number, rules: ScheduleRules): SessionRows {
  const { notices, identities, repeats } = noticeRowsOf(self, template, nth);
  return {
    sessions: [sessionRow(self, template)],
    changes: changeRows(self, template),
    registrations: registrationRows(self, template),
    observations: observationRows(self, template),
    session_files: fileRows(self, template),
    session_gaps: gapRows(self, template),
    query_schedule: scheduleRows(self, template, rules),
    notices,
    notice_identities: identities,
    repeated_deliveries: repeats,
  };
}

const texts = new Map<string, Text>();

/** Made once for each text of a template. */
function filled(self: Self, template: string): string {
  let text = texts.get(template);
  if (text === undefined) texts.set(template, (text = textOf(template)));
  return text(self);
}

const written = new WeakMap<object, string>();

function json(self: Self, value: object): string {
  let template = written.get(value);
  if (template === undefined) written.set(value, (template = JSON.stringify(value)));
  return filled(self, template);
}

function sessionRow(self: Self, { stored }: Template): Cell[] {
  const { session, facts, version, createdMs, updatedMs } = stored;
  const { mode, state, outcome, certainty, gaps, startedAt } = session;
  const [created, updated] = [movedTo(self, createdMs), movedTo(self, updatedMs)];
  const startedOn = startedAt === null ? null : movedTo(self, startedAt.atMs);
  const cname = session.cname === null ? null : self.cname;
  const words = [self.sid, self.app, mode, cname, state, outcome, certainty, gaps.open > 0];
  return [...words, startedOn, created, updated, version, json(self, facts), json(self, session), updated];
}

function changeRows(self: Self, { versions }: Template): Cell[][] {
  return versions.map(({ stored: { version, updatedMs, session }, changed, because }) => [
    self.sid,
    version,
    movedTo(self, updatedMs),
    json(self, session),
    `{${changed.map((path) => `"${path}"`).join(',')}}`,
    json(self, because),
  ]);
}

function registrationRows(self: Self, { registration }: Template): Cell[][] {
  if (registration === null) return [];
  const { resourceId, mode, receivedMs } = registration;
  const startedOn = movedTo(self, START_MS);
  return [
    [self.sid, self.app, filled(self, resourceId), mode, self.cname, self.uid, startedOn, movedTo(self, receivedMs)],
  ];
}

function observationRows(self: Self, { answers }: Template): Cell[][] {
  return answers.map(({ observation: { askedMs, answeredMs, outcome }, httpStatus, body }) => {
    const status = outcome.kind === 'answered' ? outcome.answer.status : null;
    const [asked, answered] = [movedTo(self, askedMs), movedTo(self, answeredMs)];
    return [self.sid, asked, answered, asked, answered, outcome.kind, status, httpStatus, filled(self, body)];
  });
}

function fileRows(self: Self, { files }: Template): Cell[][] {
  return files.map(({ name, kind, trackType, uid, mixedAllUser, playable, firstSeenMs, sources }) => {
    const about = [trackType, uid, mixedAllUser, playable, movedTo(self, firstSeenMs)];
    return [self.sid, filled(self, name), kind, ...about, `{${sources.join(',')}}`];
  });
}

function gapRows(self: Self, { gaps }: Template): Cell[][] {
  return gaps.map(({ serviceType, from, to, revealedMs, settledMs, settledBy }) => {
    const settled = settledMs === null ? null : movedTo(self, settledMs);
    return [self.sid, self.uid, serviceType, from, to, movedTo(self, revealedMs), settled, settledBy];
  });
}

function scheduleRows(self: Self, { stored: { facts } }: Template, rules: ScheduleRules): Cell[][] {
  const { query } = scheduleOf(facts, conclude(facts, rules), rules);
  if (query === null || query.liveSinceMs === null) return [];
  const moved = (atMs: number | null): Date | null => (atMs === null ? null : movedTo(self, atMs));
  const { account, reason, dueMs, lastVerifiedMs, liveSinceMs, beatDueMs, waitingSinceMs } = query;
  const times = [lastVerifiedMs, liveSinceMs, beatDueMs, waitingSinceMs].map(moved);
  return [[self.sid, account, 2, reason, moved(dueMs), ...times, self.app]];
}

function noticeRowsOf(
  self: Self,
  { notices }: Template,
  nth: number,
): Record<'notices' | 'identities' | 'repeats', Cell[][]> {
  const found = { notices: [] as Cell[][], identities: [] as Cell[][], repeats: [] as Cell[][] };
  for (const [n, row] of notices.entries()) {
    const noticeId = filled(self, row.noticeId ?? '');
    const eventKey = noticeKeyOf('event', noticeId);
    const received = movedTo(self, row.receivedMs);
    const { productId, eventType, serviceType, sequence, occurredMs } = row;
    const about = [noticeId, self.app, productId, eventType, serviceType, self.uid, sequence];
    found.notices.push([
      self.sid,
      received,
      eventKey,
      ...about,
      movedTo(self, occurredMs),
      false,
      filled(self, row.raw),
    ]);
    found.identities.push([noticeKeyOf(SCOPE, noticeId), eventKey, received]);
    if (drawn(nth, 10 + n) * REPEATED_OF < 1) found.repeats.push([self.sid, eventKey, noticeId, received]);
  }
  return found;
}
