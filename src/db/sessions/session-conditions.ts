import type { UnixMs } from '../../evidence/instant.js';
import type { RecordingMode } from '../../evidence/registration.js';
import type { UploadState } from '../../sessions/facts/upload.js';
import type { Queryable } from '../connection/database.js';
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
  queryable?: QueryableFilter | undefined;
  startedFromMs?: UnixMs | undefined;
  startedToMs?: UnixMs | undefined;
  endedFromMs?: UnixMs | undefined;
  endedToMs?: UnixMs | undefined;
  updatedAfterMs?: UnixMs | undefined;
};

type QueryableFilter = { wanted: boolean; nowMs: UnixMs; apps: readonly string[] };

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

/** One value alone is looked up with `=`: of what equals it an index knows the order, of what is any of several not. */
function addAnyOf(conditions: Conditions, column: string, type: 'text' | 'int', values: Values<unknown>): void {
  if (values === undefined) return;
  if (values.length === 1) addCondition(conditions, `${column} = ?::${type}`, values[0]);
  else addCondition(conditions, `${column} = any(?::${type}[])`, values);
}

const asItIs = (value: unknown): unknown => value;

function addWords(conditions: Conditions, filters: SessionFilters): void {
  const { state, outcome, certainty, mode, upload, finding, serviceStatus, hasGaps } = filters;
  addAnyOf(conditions, 'sessions.state', 'text', state);
  addAnyOf(conditions, 'sessions.outcome', 'text', outcome);
  addAnyOf(conditions, 'sessions.certainty', 'text', certainty);
  addAnyOf(conditions, 'sessions.mode', 'text', mode);
  addAnyOf(conditions, 'sessions.upload', 'text', upload);
  addGiven(conditions, 'sessions.finding_codes && ?::text[]', finding, asItIs);
  addAnyOf(conditions, 'sessions.service_status', 'int', serviceStatus);
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
  addAnyOf(conditions, `left(sessions.${column}, ${String(CUT)})`, 'text', texts.map(first));
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

/**
 * Those about which Agora cannot be asked, in parts that exclude each other, for most sessions are among them and the
 * newest are not: never registered; with a window that is over; and of one of `others`, the apps that are known and
 * not configured.
 */
export function notQueryableParts({ values }: Conditions, nowMs: UnixMs, others: readonly string[]): readonly string[] {
  values.push(new Date(nowMs));
  const now = `$${String(values.length)}::timestamptz`;
  const ofNobody = others.map((app) => {
    values.push(app);
    return `sessions.queryable_until > ${now} and left(sessions.app_id, ${String(CUT)}) = $${String(values.length)}`;
  });
  return ['sessions.queryable_until is null', `sessions.queryable_until <= ${now}`, ...ofNobody];
}

/** The apps of sessions that are not among `configured`, as far as an index holds them, of which it reads an entry for each. */
export async function findOtherApps(db: Queryable, configured: readonly string[]): Promise<string[]> {
  const app = `left(sessions.app_id, ${String(CUT)})`;
  const { rows } = await db.query<{ app: string }>(
    `with recursive apps as (
       (select ${app} as app from sessions where ${app} is not null order by ${app} limit 1)
       union all
       select (select ${app} from sessions where ${app} > apps.app order by ${app} limit 1) from apps
       where apps.app is not null
     ) select apps.app from apps where apps.app is not null and apps.app <> all($1::text[])`,
    [configured.map(first)],
  );
  return rows.map((row) => row.app);
}

function first(text: string): string {
  return Array.from(text).slice(0, CUT).join('');
}
