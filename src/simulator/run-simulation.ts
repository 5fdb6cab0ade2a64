import { endSession } from './end-session.js';
import type { FakeAgora } from './fake-agora.js';
import { createLedgerClient, type LedgerClient } from './ledger-client.js';
import { createNotifier, type Notifier, type NotifierStats } from './notifier.js';
import { planDeliveries, type Delivery } from './plan-deliveries.js';
import { planSession } from './plan-session.js';
import { renameSession } from './rename-session.js';
import { createRandom } from './random.js';
import { createScoreKeeper, type Score, type ScoreKeeper } from './score.js';
import type { SimulatedSession } from './simulated-session.js';
import type { TellingSession } from './telling-session.js';
import { scaleProfile, type WorldProfile } from './world-profile.js';

export type SimulationOptions = {
  seed: number;
  /** Sets the names of this run's sessions apart from those of other runs against the same ledger. */
  run?: string;
  /** The feed's cursor from which changes are read; the beginning where it is left out. */
  feedFrom?: string;
  /** How many sessions there are, over a bounded run; in an endless one, about how many at a time. */
  sessions: number;
  profile: WorldProfile;
  speed: number;
  /** How long the run is; null for one that goes on until it is stopped. */
  durationMs: number | null;
  /** How long a ledger may take to find an end that was not reported to it. */
  settlingMs: number;
  receiverUrl: string;
  apiUrl: string;
  apiKey: string | null;
  secret: string;
  appId: string;
  agora: FakeAgora;
  sessionsBySid: Map<string, SimulatedSession>;
  now: () => number;
};

export type Progress = {
  elapsedMs: number;
  started: number;
  over: number;
  known: number;
  queries: number;
  worstSecond: number;
  overLimit: number;
  /** How the queries were answered, by status. */
  answers: Readonly<Record<string, number>>;
  notifications: NotifierStats;
};

export type Simulation = {
  progress: () => Progress;
  score: () => Score;
  /** The session most worth looking at by now. */
  telling: () => TellingSession | null;
  notifier: Notifier;
  /** How many sessions have started that the ledger does not call over. */
  open: () => number;
  /** Lets no session begin or go on any more, and tells the ends of those that are open. */
  endOpen: () => Promise<void>;
  /** Resolves when a bounded run is over. */
  done: Promise<void>;
  stop: () => Promise<void>;
};

const READ_EVERY_MS = 200;
/** Of a bounded run, the part in which sessions start. */
const STARTING_SHARE = 0.4;

/** Lets a world happen against a running ledger, and keeps the score. */
export function runSimulation(options: SimulationOptions): Simulation {
  const { now, durationMs, seed } = options;
  const beginMs = now();
  const keeper = createScoreKeeper();
  const ledger = createLedgerClient(options.apiUrl, options.apiKey, options.feedFrom);
  const notifier = createNotifier({
    url: `${options.receiverUrl}/ncs/${options.appId}`,
    secret: options.secret,
    now,
    retryAfterMs: [0, 2_000 / options.speed, 5_000 / options.speed],
  });
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;
  const at = (atMs: number, act: () => void): void => {
    if (stopped) return; // a registration that was not heard would be tried for ever
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        act();
      },
      Math.max(atMs - now(), 0),
    );
    timers.add(timer);
  };
  const world: World = { options, keeper, ledger, notifier, at, profile: scaleProfile(options.profile, options.speed) };
  for (const startMs of startTimes(options, beginMs)) beginSession(world, startMs, beginMs);
  if (durationMs === null) keepStarting(world, beginMs);
  const reading = setInterval(followOnce(world), READ_EVERY_MS);
  const clearTimers = (): void => {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
  };
  const stop = async (): Promise<void> => {
    stopped = true;
    clearInterval(reading);
    clearTimers();
    await notifier.close();
  };
  return {
    notifier,
    progress: () => progressOf(world, beginMs),
    score: () => keeper.score(now(), options.settlingMs),
    telling: keeper.telling,
    open: () => keeper.open().length,
    endOpen: () => {
      clearTimers();
      return endOpenSessions(world);
    },
    done: new Promise((resolve) => {
      if (durationMs !== null) at(beginMs + durationMs, resolve);
    }),
    stop,
  };
  function keepStarting(endless: World, sinceMs: number): void {
    const random = createRandom(seed, 'starts');
    const everyMs = endless.profile.meanLifeMs / options.sessions;
    const next = (atMs: number): void => {
      at(atMs, () => {
        beginSession(endless, atMs, sinceMs);
        next(atMs + random.exponential(everyMs));
      });
    };
    next(sinceMs + random.exponential(everyMs));
  }
}

type World = {
  options: SimulationOptions;
  profile: WorldProfile;
  keeper: ScoreKeeper;
  ledger: LedgerClient;
  notifier: Notifier;
  at: (atMs: number, act: () => void) => void;
};

function startTimes({ sessions, durationMs, seed }: SimulationOptions, beginMs: number): number[] {
  const random = createRandom(seed, 'first starts');
  const spreadMs = durationMs === null ? 5_000 : durationMs * STARTING_SHARE;
  return Array.from({ length: sessions }, () => beginMs + random.between(0, spreadMs));
}

/** In a bounded run every session is over early enough for a correct ledger to know by the end. */
function beginSession(world: World, startMs: number, beginMs: number): void {
  const { options, keeper, at, profile } = world;
  const { durationMs, settlingMs, seed, appId, sessionsBySid } = options;
  const endBy = durationMs === null ? null : beginMs + durationMs - settlingMs;
  const index = sessionsBySid.size;
  const planned = planSession(seed, index, appId, startMs, profile, endBy);
  const told = { session: planned, deliveries: planDeliveries(planned, profile, seed) };
  const { session, deliveries } = renameSession(told, options.run ?? '');
  sessionsBySid.set(session.sid, session);
  at(startMs, () => keeper.started(session));
  at(startMs + registrationDelay(world, session), () => void registerUntilHeard(world, session));
  for (const delivery of deliveries) {
    at(delivery.atMs, () => void deliver(world, delivery));
  }
}

async function deliver({ notifier, keeper }: World, delivery: Delivery): Promise<void> {
  const acknowledged = await notifier.deliver(delivery);
  if (acknowledged && isOwnExit(delivery.session, delivery.notice)) keeper.exitHeard(delivery.session.sid);
}

function isOwnExit(session: SimulatedSession, notice: { eventType: number; uid: string }): boolean {
  const current = session.failovers.at(-1)?.newUid ?? session.uid;
  return notice.eventType === 11 && notice.uid === current;
}

async function endOpenSessions({ options, keeper, notifier }: World): Promise<void> {
  const nowMs = options.now();
  const ends = keeper.open().map((session) => endSession(session, nowMs));
  for (const { session } of ends) options.sessionsBySid.set(session.sid, session);
  await Promise.all(ends.map(({ exit }) => notifier.deliver(exit)));
}

function registrationDelay({ options, profile }: World, { sid }: SimulatedSession): number {
  const random = createRandom(options.seed, `registration ${sid}`);
  return random.chance(profile.registeredLateShare) ? random.between(1_000, 4_000) / Math.sqrt(options.speed) : 0;
}

/** The caller of `start` does not give up: without a registration the session cannot be queried. */
async function registerUntilHeard(world: World, session: SimulatedSession): Promise<void> {
  if (await world.ledger.register(session)) return;
  world.at(world.options.now() + 500, () => void registerUntilHeard(world, session));
}

/** Reads on from where it was, unless the last reading still goes on. */
function followOnce({ ledger, keeper }: World): () => void {
  let reading = false;
  return () => {
    if (reading) return;
    reading = true;
    void ledger.readChanges().then((changes) => {
      for (const change of changes) keeper.changed(change);
      reading = false;
    });
  };
}

function progressOf({ options, keeper, notifier }: World, beginMs: number): Progress {
  const { log } = options.agora;
  return {
    elapsedMs: options.now() - beginMs,
    ...keeper.counts(options.now()),
    queries: log.total(),
    worstSecond: log.worstSecond(),
    overLimit: log.overLimit(),
    answers: log.byStatus(),
    notifications: notifier.stats(),
  };
}
