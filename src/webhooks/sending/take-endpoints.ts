import { readFeedState } from '../../db/sessions/feed.js';
import {
  giveUpEndpoints,
  listWaiting,
  takeEndpoints,
  type HeldEndpoint,
  type WaitingDelivery,
} from '../../db/webhooks/held-endpoints.js';
import { forgetKeyProblems, noteProblem } from '../../db/webhooks/outcomes.js';
import { plusMs, type UnixMs } from '../../evidence/instant.js';
import { findKeys, type FoundKeys } from '../key-ring.js';
import { createEndpointRun } from '../run/endpoint-run.js';
import type { SecretKeys } from '../secret-keys.js';
import { currentLease, loseLease } from './holding-lease.js';
import { createRunContext } from './run-context.js';
import type { HoldingLease, Sending } from './sending.js';

const MOST_HELD = 500;
const TAKEN_AT_ONCE = 100;
/** After that, an endpoint that cannot be sent to is looked at again. */
const REST_MS = 60_000;
const NOT_DECRYPTED = 'Its secret cannot be decrypted: rotate it, or set SECRETS_KEY as it was.';

/** Takes endpoints that have something to do and no living holder, and begins to send to them. */
export async function takeMore(sending: Sending): Promise<void> {
  const { context, held } = sending;
  const room = Math.min(MOST_HELD - held.size, TAKEN_AT_ONCE);
  if (room <= 0 || sending.closed) return;
  const keys = await findKeys(context);
  const lease = await currentLease(sending);
  const taken = await takeEndpoints(context.db, lease.sender.id, context.now(), room);
  if (taken.length === 0) return;
  try {
    await begin(sending, lease, taken, keys);
  } catch (error) {
    loseLease(sending, lease.abort); // what was taken is nobody's, and is taken again
    throw error;
  }
}

async function begin(
  sending: Sending,
  lease: HoldingLease,
  taken: readonly HeldEndpoint[],
  found: FoundKeys,
): Promise<void> {
  if (!found.ok) {
    sending.onKeyMissing(new Error(found.why));
    return refuse(sending, lease, taken, found.why);
  }
  const { db } = sending.context;
  const ids = taken.map(({ id }) => id);
  const waiting = await listWaiting(db.pool, ids);
  await forgetKeyProblems(db, ids);
  const { cut } = await readFeedState(db.pool);
  if (sending.lease !== lease) return; // lost meanwhile
  for (const endpoint of taken) await beginOne(sending, { lease, keys: found.keys, waiting, cut }, endpoint);
  sending.onNews();
}

/** `cut`: the feed has lost versions up to there. */
type Beginning = { lease: HoldingLease; keys: SecretKeys; waiting: readonly WaitingDelivery[]; cut: bigint };

async function beginOne(
  sending: Sending,
  { lease, keys, waiting, cut }: Beginning,
  endpoint: HeldEndpoint,
): Promise<void> {
  const secrets = secretsOf(endpoint, keys.decrypt, sending.context.now());
  if (secrets.length === 0) return refuse(sending, lease, [endpoint], NOT_DECRYPTED);
  if (endpoint.cursor < cut) await tellOfCut(sending, endpoint, cut);
  const own = waiting.filter(({ endpointId }) => endpointId === endpoint.id);
  const run = createEndpointRun(createRunContext(sending, lease), endpoint, secrets, own);
  sending.held.get(endpoint.id)?.run.stop(); // it was sent back in the feed, and taken anew, while this one was busy
  sending.held.set(endpoint.id, { run, idleSince: null, leaving: false, logged: 0 });
  run.pump();
}

/** Gives them back for a minute, with what is wrong. */
async function refuse(
  { context: { db, now } }: Sending,
  { sender }: HoldingLease,
  taken: readonly HeldEndpoint[],
  why: string,
): Promise<void> {
  for (const { id } of taken) await noteProblem(db, id, why);
  const restUntilMs = plusMs(now(), REST_MS);
  const given = taken.map(({ id, revision, cursor }) => ({ id, revision, cursor, upToDate: false, restUntilMs }));
  await giveUpEndpoints(db, sender.id, given);
}

async function tellOfCut({ context: { db, log } }: Sending, { id, cursor }: HeldEndpoint, cut: bigint): Promise<void> {
  const why = `It fell behind what is kept (CHANGES_DAYS): of sessions that were over, versions between cursor ${String(cursor)} and ${String(cut)} may be missing. The last version of each is delivered.`;
  log.warn({ endpoint: id, cursor: String(cursor), cut: String(cut) }, 'webhook.feed_was_cut');
  await noteProblem(db, id, why);
}

/** The new one first; while both sign, the old one too. */
function secretsOf(
  { secret, oldSecret, oldSecretUntilMs }: HeldEndpoint,
  decrypt: SecretKeys['decrypt'],
  nowMs: UnixMs,
): string[] {
  const isOldValid = oldSecretUntilMs !== null && oldSecretUntilMs > nowMs;
  const all = [secret, ...(oldSecret !== null && isOldValid ? [oldSecret] : [])];
  return all.map(decrypt).filter((one) => one !== null);
}
