import { listFileNames } from '../db/sessions/session-files.js';
import { readBucketStates } from '../db/schedule/bucket-paces.js';
import { dropTurn, putOffTurn, takeTurns, type LookTurn } from '../db/schedule/bucket-checks.js';
import { loadSessions } from '../db/sessions/sessions.js';
import type { BucketLook } from '../evidence/bucket-look.js';
import { plusMs } from '../evidence/instant.js';
import { bucketsOf, recordLooks } from '../ledger/record-look.js';
import type { KnownBucket } from '../reconcile/fitting-buckets.js';
import type { SessionFacts } from '../sessions/facts/facts.js';
import { foldersOf } from '../sessions/stored/belonging.js';
import { listTogether } from './list-together.js';
import { lookAtSession, type Sought } from './look-at-session.js';
import type { LookContext } from './look-context.js';
import { pacedClient } from './paced-client.js';

/** How many sessions are looked at together: enough for one listing to serve several. */
const TOGETHER = 16;
/** Longer than such a batch takes at the slowest pace; whoever dies meanwhile is followed by another. */
const LEASE_MS = 300_000;
/** A bucket that refuses is tried with one session a minute, until it does not. */
const PROBE_EVERY_MS = 60_000;

/** Looks for the sessions whose turn has come. Returns whether there may be more. */
export async function lookForTurns(context: LookContext): Promise<boolean> {
  const turns = await takeTurns(context.db.pool, context.now(), LEASE_MS, TOGETHER);
  if (turns.length === 0) return false;
  const stored = await loadSessions(
    context.db.pool,
    turns.map(({ sid }) => sid),
  );
  const looks = new Map<string, BucketLook[]>(turns.map(({ sid }) => [sid, []]));
  const places = turns.flatMap((turn) => placesOf(context, turn, stored.get(turn.sid)?.facts ?? null));
  for (const bucket of new Set(places.map(({ known }) => known.name))) {
    if (context.stopping.aborted) return false; // the leases end
    await lookInto(
      context,
      bucket,
      places.filter(({ known }) => known.name === bucket),
      looks,
    );
  }
  const fitting = new Set(places.map(({ turn }) => turn.sid));
  for (const [sid, made] of looks) {
    if (fitting.has(sid)) await record(context, sid, made);
    else await dropTurn(context.db.pool, sid);
  }
  return turns.length === TOGETHER;
}

type Visit = { turn: LookTurn; known: KnownBucket; facts: SessionFacts };

function placesOf(context: LookContext, turn: LookTurn, facts: SessionFacts | null): Visit[] {
  if (facts === null) return [];
  return bucketsOf(facts, context).map((known) => ({ turn, known, facts }));
}

async function lookInto(
  context: LookContext,
  bucket: string,
  visits: readonly Visit[],
  looks: ReadonlyMap<string, BucketLook[]>,
): Promise<void> {
  const client = context.clients.get(bucket);
  if (client === undefined) return;
  const paced = pacedClient(context, bucket, client);
  const welcome = await welcomed(context, bucket, visits);
  const sought: Sought[] = [];
  for (const { facts, known } of welcome) sought.push(await seek(context, facts, known));
  const listed = await listTogether(paced, sought);
  for (const one of sought) {
    if (context.stopping.aborted) return;
    const look = await lookAtSession(paced, bucket, one, listed, context.now);
    context.metrics.bucketLooks.inc({ bucket, outcome: look.outcome.kind });
    looks.get(one.sid)?.push(look);
  }
}

/** Of a bucket that refuses: whoever was asked for by a person, or else one in a minute. */
async function welcomed({ db, now }: LookContext, bucket: string, visits: readonly Visit[]): Promise<readonly Visit[]> {
  const state = (await readBucketStates(db.pool)).find((one) => one.bucket === bucket);
  const refusal = state?.refusal ?? null;
  if (refusal === null) return visits;
  const asked = visits.filter(({ turn }) => turn.lookClass === 'asked');
  return now() - refusal.lastMs < PROBE_EVERY_MS || asked.length > 0 ? asked : visits.slice(0, 1);
}

async function seek({ db }: LookContext, facts: SessionFacts, { prefix }: KnownBucket): Promise<Sought> {
  const told = await listFileNames(db.pool, facts.sid);
  const storage = facts.registration?.startCall?.storage ?? null;
  return { sid: facts.sid, told, folders: foldersOf(told, storage, prefix) };
}

/** A session for which no look could be made waits as long as a bucket that refuses. */
async function record(context: LookContext, sid: string, looks: readonly BucketLook[]): Promise<void> {
  if (looks.length === 0) return putOffTurn(context.db.pool, sid, plusMs(context.now(), PROBE_EVERY_MS));
  await recordLooks(context, sid, looks);
  for (const { bucket, outcome } of looks) context.log.info({ sid, bucket, outcome: outcome.kind }, 'bucket.looked');
}
