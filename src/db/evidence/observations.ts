import type { PoolClient } from 'pg';
import { outcomeOfResponse } from '../../agora/outcome-of-response.js';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { Observation, QueryOutcome } from '../../evidence/observation.js';
import { extendsRun } from '../../reconcile/extends-run.js';
import type { Queryable } from '../connection/database.js';
import type { PageSize } from './notice-pages.js';

/** One answer as it came; `failure` if there was none. */
export type AskedAnswer = {
  sid: string;
  askedMs: UnixMs;
  answeredMs: UnixMs;
  outcome: QueryOutcome;
  httpStatus: number | null;
  body: string | null;
  /** The era of the clock by which it is dated. */
  clockEra: number;
};

export type ObservationRow = {
  id: string;
  sid: string;
  asked_at: Date;
  answered_at: Date;
  last_asked_at: Date;
  last_answered_at: Date;
  count: number;
  outcome: string;
  http_status: number | null;
  retry_after_ms: number | null;
  failure: string | null;
  body: string | null;
  unbroken_since: Date | null;
  clock_era: number;
};

export const OBSERVATION_COLUMNS = `observations.id, observations.sid, observations.asked_at, observations.answered_at,
  observations.last_asked_at, observations.last_answered_at, observations.count, observations.outcome,
  observations.http_status, observations.retry_after_ms, observations.failure, observations.body,
  observations.unbroken_since, observations.clock_era`;

/**
 * Stores an answer. One that repeats the last answer moves the end of the last row; any other is a new row.
 * The first answer under a corrected registration (in force since `countsSinceMs`) is always a new row,
 * because earlier answers say nothing about it. The caller holds the session's lock.
 */
export async function storeAnswer(
  tx: PoolClient,
  answer: AskedAnswer,
  unbrokenSinceMs: UnixMs | null,
  countsSinceMs: UnixMs | null,
): Promise<Observation> {
  const last = await latestObservation(tx, answer.sid);
  const extended =
    last !== null &&
    last.last_asked_at.getTime() >= (countsSinceMs ?? 0) &&
    last.clock_era === answer.clockEra &&
    extendsRun({ kind: last.outcome, body: last.body }, { kind: answer.outcome.kind, body: answer.body });
  const row = extended ? await extendRun(tx, last.id, answer) : await insertAnswer(tx, answer, unbrokenSinceMs);
  return asAnswered(row, answer.outcome);
}

/**
 * The observation that was just stored, as it will be read later. A run of byte-equal answers has one
 * outcome, so the stored body, which may be large, is not read again. Where no answer came, the run keeps the
 * reason of the first failure.
 */
function asAnswered(row: ObservationRow, outcome: QueryOutcome): Observation {
  return observationOf(row, row.http_status === null ? outcomeOfRow(row) : outcome);
}

async function latestObservation(tx: PoolClient, sid: string): Promise<ObservationRow | null> {
  const { rows } = await tx.query<ObservationRow>(
    `select ${OBSERVATION_COLUMNS} from observations where observations.sid = $1
     order by observations.clock_era desc, observations.asked_at desc, observations.id desc limit 1`,
    [sid],
  );
  return rows[0] ?? null;
}

async function extendRun(tx: PoolClient, id: string, answer: AskedAnswer): Promise<ObservationRow> {
  const { rows } = await tx.query<ObservationRow>(
    `update observations
     set last_asked_at = $2, last_answered_at = $3, count = observations.count + 1, retry_after_ms = $4
     where observations.id = $1 returning ${OBSERVATION_COLUMNS}`,
    [id, new Date(answer.askedMs), new Date(answer.answeredMs), retryAfterMs(answer.outcome)],
  );
  return only(rows);
}

async function insertAnswer(
  tx: PoolClient,
  answer: AskedAnswer,
  unbrokenSinceMs: UnixMs | null,
): Promise<ObservationRow> {
  const { outcome } = answer;
  const { rows } = await tx.query<ObservationRow>(
    `insert into observations (
       sid, asked_at, answered_at, last_asked_at, last_answered_at, outcome, status, http_status,
       retry_after_ms, failure, body, unbroken_since, clock_era
     ) values ($1, $2, $3, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning ${OBSERVATION_COLUMNS}`,
    [
      answer.sid,
      new Date(answer.askedMs),
      new Date(answer.answeredMs),
      outcome.kind,
      outcome.kind === 'answered' ? outcome.answer.status : null,
      answer.httpStatus,
      retryAfterMs(outcome),
      outcome.kind === 'unavailable' && answer.httpStatus === null ? outcome.reason : null,
      answer.body,
      unbrokenSinceMs === null ? null : new Date(unbrokenSinceMs),
      answer.clockEra,
    ],
  );
  return only(rows);
}

function retryAfterMs(outcome: QueryOutcome): number | null {
  return outcome.kind === 'throttled' ? outcome.retryAfterMs : null;
}

function only(rows: readonly ObservationRow[]): ObservationRow {
  const row = rows[0];
  if (row === undefined) throw new Error('an observation was written and not returned');
  return row;
}

/** All observations of these sessions, oldest first. */
export async function loadObservations(db: Queryable, sids: readonly string[]): Promise<Observation[]> {
  const { rows } = await db.query<ObservationRow>(
    `select ${OBSERVATION_COLUMNS} from observations where observations.sid = any($1::text[])
     order by observations.asked_at, observations.id`,
    [sids],
  );
  return rows.map(toObservation);
}

/** An observation's position among those of its session, in the order of asking. */
export type ObservationPosition = { askedAt: Date; id: string };

export type ObservationPage = {
  observations: readonly Observation[];
  /** The position of the last one; null if there is none. */
  last: ObservationPosition | null;
  isLast: boolean;
};

/**
 * The next observations of a session. The last one that was read is returned again, because it may be a run
 * that has grown since. The caller holds the session's lock.
 */
export async function loadObservationPage(
  tx: PoolClient,
  sid: string,
  from: ObservationPosition | null,
  size: PageSize,
): Promise<ObservationPage> {
  const { rows } = await tx.query<ObservationRow & { found: number }>(
    `select page.* from (
       select next.*, count(*) over ()::int as found,
              sum(octet_length(next.body)) over (order by next.asked_at, next.id) as upto,
              row_number() over (order by next.asked_at, next.id) as nth
       from (
         select ${OBSERVATION_COLUMNS} from observations
         where observations.sid = $1 and (observations.asked_at, observations.id) >= ($2, $3::bigint)
         order by observations.asked_at, observations.id limit $4
       ) next
     ) page where page.nth <= 2 or page.upto is null or page.upto <= $5 order by page.asked_at, page.id`,
    [sid, from?.askedAt ?? new Date(0), from?.id ?? '0', size.evidence, size.bytes],
  );
  const last = rows.at(-1);
  return {
    observations: rows.map(toObservation),
    last: last === undefined ? from : { askedAt: last.asked_at, id: last.id },
    isLast: rows.length < size.evidence && rows.length === (last?.found ?? 0),
  };
}

export function toObservation(row: ObservationRow): Observation {
  return observationOf(row, outcomeOfRow(row));
}

function observationOf(row: ObservationRow, outcome: QueryOutcome): Observation {
  return {
    kind: 'observation',
    sid: row.sid,
    askedMs: unixMs(row.asked_at.getTime()),
    answeredMs: unixMs(row.answered_at.getTime()),
    lastAskedMs: unixMs(row.last_asked_at.getTime()),
    lastAnsweredMs: unixMs(row.last_answered_at.getTime()),
    count: row.count,
    outcome,
    unbrokenSinceMs: row.unbroken_since === null ? null : unixMs(row.unbroken_since.getTime()),
    clockEra: row.clock_era,
  };
}

function outcomeOfRow(row: ObservationRow): QueryOutcome {
  if (row.http_status === null) {
    return { kind: 'unavailable', reason: row.failure === 'timeout' ? 'timeout' : 'network' };
  }
  const outcome = outcomeOfResponse({
    status: row.http_status,
    headers: {},
    body: row.body ?? '',
    nowMs: unixMs(row.last_answered_at.getTime()),
  });
  return outcome.kind === 'throttled' ? { ...outcome, retryAfterMs: row.retry_after_ms } : outcome;
}
