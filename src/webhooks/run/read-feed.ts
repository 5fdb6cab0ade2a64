import { listChangesOf, withVersionsBefore, type VersionPair } from '../../db/sessions/version-pairs.js';
import { toStep, type FeedStep } from '../feed-window.js';
import { comesAfter, type Chain, type Place } from './chain.js';
import { LONGEST_QUEUE, queueDeliveries, takeStep, wantedOf } from './queue-deliveries.js';
import { touch, type RunState } from './run-state.js';

/** Read from the feed and not started yet. */
const READ_AHEAD = 100;

/** So little is queued that more may be read. */
export function wantsMore({ queued }: RunState): boolean {
  return queued < READ_AHEAD / 2;
}

/** Takes in what comes next in the feed. Returns whether anything did. */
export async function readOn(run: RunState): Promise<boolean> {
  const { context, breaker } = run;
  if (run.reading || run.stopped || run.queued >= READ_AHEAD || !breaker.mayTry(context.now())) return false;
  run.reading = true;
  try {
    const steps = context.window.peekAfter(run.read) ?? (await context.window.readAfter(run.read));
    takeSteps(run, steps);
    return steps.length > 0;
  } catch (error) {
    context.log.debug({ err: error, endpoint: run.endpoint.id }, 'webhook.feed_not_read');
    return false;
  } finally {
    run.reading = false;
  }
}

function takeSteps(run: RunState, steps: readonly FeedStep[]): void {
  for (const step of steps) {
    if (run.queued >= READ_AHEAD) return;
    takeStep(run, step);
    run.read = step.cursor;
    run.hasNews = true;
  }
}

/** Takes in what the feed held back of a session; from then on the feed brings it again. */
export async function loadHeld(run: RunState, chain: Chain): Promise<void> {
  const { context } = run;
  const { sid, after } = chain;
  if (sid === null || after === null) return;
  chain.busy = true;
  const through = run.read;
  try {
    const changes = await listChangesOf(context.db.pool, sid, after.cursor, through, LONGEST_QUEUE + 1);
    const pairs = await withVersionsBefore(context.db.pool, changes.slice(0, LONGEST_QUEUE));
    for (const step of pairs.map(toStep)) queueAfter(run, chain, after, step);
    goOnAfter(run, chain, placeAfter(pairs, changes.length <= LONGEST_QUEUE, through, after), through);
  } catch (error) {
    context.log.debug({ err: error, endpoint: run.endpoint.id, sid }, 'webhook.feed_not_read');
  } finally {
    chain.busy = false;
    context.onNews();
  }
}

function queueAfter(run: RunState, chain: Chain, after: Place, step: FeedStep): void {
  const types = wantedOf(run.endpoint, step).filter((type) => comesAfter(after, step.cursor, type));
  queueDeliveries(run, chain, step, types);
}

function placeAfter(pairs: readonly VersionPair[], isAll: boolean, through: bigint, after: Place): Place {
  const last = pairs.at(-1)?.change.cursor;
  return { cursor: isAll ? through : BigInt(last ?? after.cursor), type: null };
}

/** The feed brings it again, unless it was read on meanwhile, and passed this session by. */
function goOnAfter(run: RunState, chain: Chain, place: Place, through: bigint): void {
  chain.after = place;
  if (place.cursor === through && run.read === through) chain.held = false;
  touch(run, chain);
}
