import { createHash } from 'node:crypto';
import { decodeStopAnswer } from '../../agora/decode-stop-answer.js';
import { unixMs, type UnixMs } from '../../evidence/instant.js';
import type { StopAnswer } from '../../evidence/stop-answer.js';
import type { Queryable } from '../connection/database.js';

/** False if the same body is stored already. */
export async function insertStopAnswer(db: Queryable, sid: string, raw: string, receivedMs: UnixMs): Promise<boolean> {
  const digest = createHash('sha256').update(raw).digest('hex').slice(0, 32);
  const { rowCount } = await db.query(
    `insert into stop_answers (sid, digest, raw, received_at) values ($1, $2, $3, $4)
     on conflict (sid, digest) do nothing`,
    [sid, digest, raw, new Date(receivedMs)],
  );
  return rowCount === 1;
}

export async function loadStopAnswers(db: Queryable, sids: readonly string[]): Promise<StopAnswer[]> {
  const { rows } = await db.query<{ sid: string; raw: string; received_at: Date }>(
    `select stop_answers.sid, stop_answers.raw, stop_answers.received_at from stop_answers
     where stop_answers.sid = any($1::text[]) order by stop_answers.received_at, stop_answers.digest`,
    [sids],
  );
  return rows.map(({ sid, raw, received_at }) => decodeStopAnswer(sid, JSON.parse(raw), unixMs(received_at.getTime())));
}
