import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Db } from '../db/connection/database.js';
import { readFeedState } from '../db/sessions/feed.js';
import {
  findChangedEndpoints,
  giveUpEndpoints,
  listWaiting,
  readWork,
  takeEndpoints,
  type GivenUp,
  type HeldEndpoint,
} from '../db/webhooks/held-endpoints.js';
import {
  forgetKeyProblems,
  noteProblem,
  pauseGone,
  saveOutcomes,
  trimLog,
  KEPT_DELIVERED,
} from '../db/webhooks/outcomes.js';
import { openSender, renewSender, type Sender } from '../db/webhooks/senders.js';
import type { UnixMs } from '../evidence/instant.js';
import { logSparingly } from '../observability/log-sparingly.js';
import type { Metrics } from '../observability/metrics.js';
import type { AllowedHosts } from './allowed-hosts.js';
import type { Resolve } from './check-address.js';
import { createComposer, type Render } from './compose-delivery.js';
import { createEndpointRun, type EndpointRun, type RunContext, type RunReport } from './endpoint-run.js';
import { createFeedWindow } from './feed-window.js';
import { findKeys, type FoundKeys, type KeySettings } from './key-ring.js';
import { createPoster, type Poster, type Posted } from './post-delivery.js';
import { createRouter } from './route-changes.js';
import { tellOfFailing } from './tell-of-failing.js';

export type SendContext = {
  db: Db;
  now: () => UnixMs;
  log: Logger;
  metrics: Metrics;
  allowed: AllowedHosts;
  settings: KeySettings;
  ca: string | null;
  scheduleMs: readonly number[];
  render: Render;
  userAgent: string;
  resolve?: Resolve;
};

export type WebhookSender = {
  /** Looks for what is to be sent. May be called at any time, by any number of processes. */
  wake: () => Promise<void>;
  /** There is something new in the feed. Whether anybody may want it. */
  nudge: () => boolean;
  close: () => Promise<void>;
};

const LEASE_MS = 6_000;
const RENEW_EVERY_MS = 1_500;
const TURN_MS = 50;
const SAVE_EVERY_MS = 150;
const POLL_EVERY_MS = 100;
/** How long an endpoint with nothing to do is kept: it is spared the way back. */
const WARM_MS = 3_000;
const MOST_HELD = 500;
const TAKEN_AT_ONCE = 100;
/** Of the feed, looked through by one job. */
const MOST_PAGES = 20;
const CLOSE_WITHIN_MS = 2_000;

type Session = { sender: Sender; poster: Poster; abort: AbortController; renewedAt: number };
type Held = { run: EndpointRun; idleSince: number | null; leaving: boolean; logged: number };

/**
 * Sends from this process. A job only wakes it; what is to be sent, and who sends it, is in Postgres: an endpoint has
 * one holder at a time, which is why its deliveries keep their order. Whoever dies or cannot reach Postgres loses its
 * endpoints to the next that looks, who goes on from the cursor that was saved last.
 * Ours: docs/decisions/037-one-process-at-a-time-sends-to-an-endpoint.md
 */
export function createWebhookSender(context: SendContext): WebhookSender {
  const { db, now, log, metrics } = context;
  const failed = logSparingly(log, 'warn', 'webhooks.not_sent');
  const keyMissing = logSparingly(log, 'error', 'secrets_key.missing');
  const window = createFeedWindow(db);
  const route = createRouter(db, window);
  const compose = createComposer(db, context.render);
  const held = new Map<string, Held>();
  const gone = new Set<string>();
  let session: Session | null = null;
  let [closed, anyKnown, saving, polledAt, savedAt] = [false, false, false, 0, 0];
  let emptySince: number | null = null;
  let [givingUp, opening] = [null as Promise<void> | null, null as Promise<Session> | null];
  let waking: Promise<void> | null = null;
  let turning: NodeJS.Timeout | null = null;
  let looking: Promise<void> | null = null;

  async function wakeOnce(): Promise<void> {
    const work = await readWork(db.pool, now());
    anyKnown = work.any;
    if (!work.any || closed) return;
    let found = work.due;
    for (let page = 0; work.news && page < MOST_PAGES && (await route()); page += 1) found = true;
    if (session !== null) await giveUpIdle(session, await findChanged(session));
    if (found) await takeMore();
  }

  async function takeMore(): Promise<void> {
    const room = Math.min(MOST_HELD - held.size, TAKEN_AT_ONCE);
    if (room <= 0 || closed) return;
    const found = await findKeys({ db, settings: context.settings });
    const here = await currentSession();
    const taken = await takeEndpoints(db, here.sender.id, now(), room);
    if (taken.length === 0) return;
    try {
      await begin(here, taken, found);
    } catch (error) {
      lose(here.abort); // what was taken is nobody's, and is taken again
      throw error;
    }
  }

  async function begin(here: Session, taken: readonly HeldEndpoint[], found: FoundKeys): Promise<void> {
    if (!found.ok) {
      keyMissing(new Error(found.why));
      return refuse(here, taken, found.why);
    }
    const waiting = await listWaiting(
      db.pool,
      taken.map(({ id }) => id),
    );
    await forgetKeyProblems(
      db,
      taken.map(({ id }) => id),
    );
    const { cut } = await readFeedState(db.pool);
    if (session !== here) return; // lost meanwhile
    for (const endpoint of taken) {
      const secrets = secretsOf(endpoint, found.keys.decrypt, now());
      if (secrets.length === 0) {
        await refuse(here, [endpoint], 'Its secret cannot be decrypted: rotate it, or set SECRETS_KEY as it was.');
        continue;
      }
      if (endpoint.cursor < cut) await tellOfCut(endpoint, cut);
      const rows = waiting.filter(({ endpointId }) => endpointId === endpoint.id);
      const run = createEndpointRun(runContext(here), endpoint, secrets, rows);
      held.set(endpoint.id, { run, idleSince: null, leaving: false, logged: 0 });
      run.pump();
    }
    startTurning();
  }

  /** Gives them back for a minute, with what is wrong. */
  async function refuse(here: Session, taken: readonly HeldEndpoint[], why: string): Promise<void> {
    for (const { id } of taken) await noteProblem(db, id, why);
    const restUntilMs = (now() + 60_000) as UnixMs;
    const given = taken.map(({ id, revision, cursor }) => ({ id, revision, cursor, upToDate: false, restUntilMs }));
    await giveUpEndpoints(db, here.sender.id, given);
  }

  async function tellOfCut({ id, cursor }: HeldEndpoint, cut: bigint): Promise<void> {
    const why = `It fell behind what is kept (CHANGES_DAYS): of sessions that were over, versions between cursor ${String(cursor)} and ${String(cut)} may be missing. The last version of each is delivered.`;
    log.warn({ endpoint: id, cursor: String(cursor), cut: String(cut) }, 'webhook.feed_was_cut');
    await noteProblem(db, id, why);
  }

  function runContext(here: Session): RunContext {
    return {
      db,
      now,
      log,
      window,
      compose,
      post: here.poster.post,
      scheduleMs: context.scheduleMs,
      userAgent: context.userAgent,
      onTried: countTry,
      onParked: (endpoint, why, sinceMs) => {
        metrics.webhookProblems.inc({ kind: 'failing' });
        log.warn({ endpoint: endpoint.id, why }, 'webhook.failing');
        tellOfFailing(db, endpoint, why, sinceMs, now()).catch(failed);
      },
      onGone: ({ id }) => {
        metrics.webhookProblems.inc({ kind: 'gone' });
        log.warn({ endpoint: id }, 'webhook.gone');
        gone.add(id);
      },
      onNews: startTurning,
    };
  }

  function countTry({ status, error, tookMs }: Posted): void {
    metrics.webhookTries.inc({ result: error === null ? 'delivered' : status === null ? 'no_answer' : 'refused' });
    metrics.webhookDuration.observe(tookMs / 1000);
  }

  async function currentSession(): Promise<Session> {
    if (session !== null) return session;
    opening ??= openSession().finally(() => (opening = null));
    return opening;
  }

  async function openSession(): Promise<Session> {
    const abort = new AbortController();
    const sender = await openSender(db, (error) => {
      failed(error);
      lose(abort);
    });
    await renewSender(db.pool, sender.id, LEASE_MS);
    const { allowed, ca, resolve } = context;
    const poster = createPoster({ allowed, ca, aborted: abort.signal, ...(resolve === undefined ? {} : { resolve }) });
    const opened: Session = { sender, poster, abort, renewedAt: performance.now() };
    session = opened;
    return opened;
  }

  /** Others may have its endpoints now: nothing more is sent, and nothing is saved. */
  function lose(abort: AbortController): void {
    abort.abort();
    const lost = session;
    if (lost?.abort !== abort) return;
    session = null;
    for (const { run } of held.values()) run.stop();
    held.clear();
    void Promise.allSettled([lost.poster.close(), lost.sender.close()]);
  }

  function startTurning(): void {
    turning ??= setTimeout(
      () => {
        turning = null;
        turn()
          .catch(failed)
          .finally(() => {
            if (session !== null && !closed) startTurning();
          });
      },
      held.size === 0 ? 1_000 : TURN_MS,
    );
  }

  async function turn(): Promise<void> {
    const here = session;
    if (here === null) return;
    if (performance.now() - here.renewedAt > LEASE_MS - 1_000) {
      lose(here.abort);
      return;
    }
    const isNews = performance.now() - polledAt >= POLL_EVERY_MS && (await pollFeed());
    // Whoever paused an endpoint expects nothing more to begin.
    if (isNews || [...held.values()].some(({ run }) => run.isActive())) await giveUpIdle(here, await findChanged(here));
    for (const { run } of held.values()) run.pump();
    if (performance.now() - savedAt >= SAVE_EVERY_MS) await save(here);
    if (performance.now() - here.renewedAt >= RENEW_EVERY_MS) {
      looking ??= lookAround(here)
        .catch(failed)
        .finally(() => (looking = null));
    }
  }

  async function pollFeed(): Promise<boolean> {
    polledAt = performance.now();
    const [first] = held.values();
    return first !== undefined && (await window.extend(first.run.read()));
  }

  async function lookAround(here: Session): Promise<void> {
    const askedAt = performance.now();
    await renewSender(db.pool, here.sender.id, LEASE_MS);
    here.renewedAt = askedAt;
    await giveUpIdle(here, await findChanged(here));
    if (held.size > 0) emptySince = null;
    else if (performance.now() - (emptySince ??= performance.now()) > WARM_MS * 3) await endSession(here);
  }

  /** Those that were changed from outside, which are left as soon as nothing is on its way to them. */
  async function findChanged(here: Session): Promise<ReadonlySet<string>> {
    const runs = [...held.values()].map(({ run }) => run.endpoint);
    if (runs.length === 0) return new Set();
    const changed = await findChangedEndpoints(db.pool, here.sender.id, runs);
    for (const id of changed) leave(held.get(id));
    return changed;
  }

  function leave(one: Held | undefined): void {
    if (one === undefined) return;
    one.leaving = true;
    one.run.stop();
  }

  async function endSession(here: Session): Promise<void> {
    if (session !== here || held.size > 0) return;
    session = null;
    emptySince = null;
    await Promise.allSettled([here.poster.close(), here.sender.close()]);
  }

  /** False where it is being done already. */
  async function save(here: Session): Promise<boolean> {
    if (saving) return false;
    saving = true;
    savedAt = performance.now();
    const reports = [...held.values()].map((one) => ({ one, report: one.run.collect() }));
    const news = reports.filter(({ report }) => report.hasNews);
    try {
      if (news.length > 0)
        await saveReports(
          here,
          news.map(({ report }) => report),
        );
      for (const { one, report } of news) {
        one.run.saved(report);
        await trimSometimes(one, report);
      }
      for (const id of gone) {
        await pauseGone(db, here.sender.id, id);
        gone.delete(id);
      }
      return true;
    } catch (error) {
      for (const { one, report } of news) one.run.notSaved(report);
      throw error;
    } finally {
      saving = false;
    }
  }

  function saveReports(here: Session, reports: readonly RunReport[]): Promise<void> {
    for (const { outcomes } of reports) {
      const parked = outcomes.filter(({ state }) => state === 'parked').length;
      if (parked > 0) metrics.webhookProblems.inc({ kind: 'parked' }, parked);
    }
    return saveOutcomes(
      db,
      here.sender.id,
      reports.map(({ progress }) => progress),
      reports.flatMap(({ outcomes }) => outcomes),
    );
  }

  async function trimSometimes(one: Held, { outcomes, progress }: RunReport): Promise<void> {
    one.logged += outcomes.length;
    if (one.logged < KEPT_DELIVERED / 2) return;
    one.logged = 0;
    await trimLog(db, progress.id);
  }

  /** Those that have had nothing to do for a while, or rest for longer, or were changed from outside. */
  async function giveUpIdle(here: Session, changed: ReadonlySet<string>): Promise<void> {
    givingUp ??= giveUpOnce(here).finally(() => (givingUp = null));
    await givingUp;
    if (changed.size > 0) await takeMore();
  }

  async function giveUpOnce(here: Session): Promise<void> {
    for (const one of held.values()) if (!one.leaving && isIdle(one)) leave(one);
    const over = [...held.values()].filter(({ leaving, run }) => leaving && !run.isBusy());
    if (over.length === 0) return;
    if (!(await save(here)) || session !== here) return;
    await giveUpEndpoints(
      db,
      here.sender.id,
      over.map(({ run }) => givenUp(run)),
    );
    for (const { run } of over) if (held.get(run.endpoint.id)?.run === run) held.delete(run.endpoint.id);
  }

  function isIdle(one: Held): boolean {
    const { run } = one;
    const isAtEnd = window.peekAfter(run.read())?.length === 0;
    const soonMs = now() + WARM_MS;
    const dueMs = run.nextTryMs();
    const restMs = run.restUntilMs();
    const rests = restMs !== null && restMs > soonMs;
    const isQuiet =
      !run.isBusy() && (dueMs === null || dueMs > soonMs || (rests && dueMs > now())) && (isAtEnd || rests);
    if (!isQuiet) one.idleSince = null;
    else one.idleSince ??= performance.now();
    return one.idleSince !== null && performance.now() - one.idleSince > WARM_MS;
  }

  function givenUp(run: EndpointRun): GivenUp {
    const { id, revision } = run.endpoint;
    const isDone = run.isEmpty() && run.restUntilMs() === null;
    const cursor = run.collect().progress.cursor;
    return { id, revision, cursor, upToDate: isDone && cursor === run.read(), restUntilMs: run.restUntilMs() };
  }

  return {
    wake: () => {
      waking ??= wakeOnce().finally(() => (waking = null));
      return waking;
    },
    nudge: () => {
      polledAt = 0;
      if (held.size > 0) startTurning();
      return anyKnown;
    },
    close: async () => {
      closed = true;
      if (turning !== null) clearTimeout(turning);
      await Promise.allSettled([waking, looking]);
      const here = session;
      if (here === null) return;
      for (const { run } of held.values()) run.stop();
      const deadline = performance.now() + CLOSE_WITHIN_MS;
      while ([...held.values()].some(({ run }) => run.isBusy()) && performance.now() < deadline) await pause(20);
      here.abort.abort();
      while (saving && performance.now() < deadline + 1_000) await pause(20);
      await save(here)
        .then(() =>
          giveUpEndpoints(
            db,
            here.sender.id,
            [...held.values()].map(({ run }) => givenUp(run)),
          ),
        )
        .catch(failed);
      held.clear();
      session = null;
      await Promise.allSettled([here.poster.close(), here.sender.close()]);
    },
  };
}

/** The new one first; while both sign, the old one too. */
function secretsOf(
  { secret, oldSecret, oldSecretUntilMs }: HeldEndpoint,
  decrypt: (encrypted: string) => string | null,
  nowMs: UnixMs,
): string[] {
  const isOldValid = oldSecretUntilMs !== null && oldSecretUntilMs > nowMs;
  const all = [secret, ...(oldSecret !== null && isOldValid ? [oldSecret] : [])];
  return all.map(decrypt).filter((one) => one !== null);
}
