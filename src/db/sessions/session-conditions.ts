import type { UnixMs } from '../../evidence/instant.js';
import type { RecordingMode } from '../../evidence/registration.js';
import type { UploadState } from '../../sessions/facts/upload.js';
import type { Certainty, SessionOutcome, SessionState } from '../../sessions/verdict/session.js';

type Values<T> = readonly T[] | undefined;

/** What a session has to fit, each where it is given; of several values of one, any. */
export type SessionFilters = {
  appId?: Values<string>;
  state?: Values<SessionState>;
  outcome?: Values<SessionOutcome>;
  certainty?: Values<Certainty>;
  mode?: Values<RecordingMode>;
  upload?: Values<UploadState>;
  finding?: Values<string>;
  serviceStatus?: Values<number>;
  uid?: Values<string>;
  resourceId?: string | undefined;
  cname?: string | undefined;
  /** The start of a sid or of a cname. */
  start?: string | undefined;
  hasGaps?: boolean | undefined;
  /** `apps`: those that are configured; about sessions of others Agora cannot be asked. */
  queryable?: { wanted: boolean; nowMs: UnixMs; apps: readonly string[] } | undefined;
  startedFromMs?: UnixMs | undefined;
  startedToMs?: UnixMs | undefined;
  endedFromMs?: UnixMs | undefined;
  endedToMs?: UnixMs | undefined;
  updatedAfterMs?: UnixMs | undefined;
};

/** Conditions of a statement with their values, which stand in it as `$1`, `$2` and so on. */
export type Conditions = { texts: string[]; values: unknown[] };

/** How much of a text an index holds: see the migration `indexes_to_find_sessions_by`. */
const CUT = 200;
const SID_CUT = 300;

export function conditionsOf(filters: SessionFilters): Conditions {
  const conditions: Conditions = { texts: [], values: [] };
  addWords(conditions, filters);
  addTexts(conditions, filters);
  addTimes(conditions, filters);
  return conditions;
}

/** `text` with `?` where the value is to stand. */
export function addCondition({ texts, values }: Conditions, text: string, value: unknown): void {
  values.push(value);
  texts.push(text.replaceAll('?', `$${String(values.length)}`));
}

function addGiven<T>(conditions: Conditions, text: string, value: T | undefined, as: (given: T) => unknown): void {
  if (value !== undefined) addCondition(conditions, text, as(value));
}

const asItIs = (value: unknown): unknown => value;

function addWords(conditions: Conditions, filters: SessionFilters): void {
  const { state, outcome, certainty, mode, upload, finding, serviceStatus, hasGaps } = filters;
  addGiven(conditions, 'sessions.state = any(?::text[])', state, asItIs);
  addGiven(conditions, 'sessions.outcome = any(?::text[])', outcome, asItIs);
  addGiven(conditions, 'sessions.certainty = any(?::text[])', certainty, asItIs);
  addGiven(conditions, 'sessions.mode = any(?::text[])', mode, asItIs);
  addGiven(conditions, 'sessions.upload = any(?::text[])', upload, asItIs);
  addGiven(conditions, 'sessions.finding_codes && ?::text[]', finding, asItIs);
  addGiven(conditions, 'sessions.service_status = any(?::int[])', serviceStatus, asItIs);
  if (hasGaps !== undefined) conditions.texts.push(hasGaps ? 'sessions.has_gaps' : 'not sessions.has_gaps');
}

function addTexts(conditions: Conditions, filters: SessionFilters): void {
  const { appId, uid, cname, resourceId, start } = filters;
  addCut(conditions, 'app_id', appId);
  addCut(conditions, 'uid', uid);
  addCut(conditions, 'cname', cname === undefined ? undefined : [cname]);
  addGiven(conditions, 'sessions.resource_id = ?', resourceId, asItIs);
  addGiven(
    conditions,
    `(left(sessions.sid, ${String(SID_CUT)}) like ? or left(sessions.cname, ${String(CUT)}) like ?)`,
    start,
    (text) => `${first(text).replaceAll(/[\\%_]/g, String.raw`\$&`)}%`,
  );
}

/** By as much of it as the index holds, and by all of it only where that is more: it would be taken for rarer. */
function addCut(conditions: Conditions, column: string, texts: Values<string>): void {
  if (texts === undefined) return;
  addCondition(conditions, `left(sessions.${column}, ${String(CUT)}) = any(?::text[])`, texts.map(first));
  if (texts.every((text) => first(text) === text)) return;
  addCondition(conditions, `sessions.${column} = any(?::text[])`, texts);
}

function addTimes(conditions: Conditions, filters: SessionFilters): void {
  const { startedFromMs, startedToMs, endedFromMs, endedToMs, updatedAfterMs, queryable } = filters;
  const date = (atMs: UnixMs): Date => new Date(atMs);
  addGiven(conditions, 'sessions.started_at >= ?', startedFromMs, date);
  addGiven(conditions, 'sessions.started_at < ?', startedToMs, date);
  addGiven(conditions, 'sessions.ended_at >= ?', endedFromMs, date);
  addGiven(conditions, 'sessions.ended_at < ?', endedToMs, date);
  addGiven(conditions, 'sessions.updated_at > ?', updatedAfterMs, date);
  if (queryable === undefined) return;
  const { wanted, nowMs, apps } = queryable;
  const asked = { texts: [], values: conditions.values } satisfies Conditions;
  addCondition(asked, 'sessions.queryable_until > ?', date(nowMs));
  addCondition(asked, 'sessions.app_id = any(?::text[])', apps);
  const both = asked.texts.join(' and ');
  conditions.texts.push(wanted ? both : `(${both}) is not true`);
}

function first(text: string): string {
  return Array.from(text).slice(0, CUT).join('');
}
