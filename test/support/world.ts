import { randomUUID } from 'node:crypto';
import { freePort } from '../../src/embedded/free-port.js';
import { startFakeAgora, type FakeAgora } from '../../src/simulator/fake-agora.js';
import { runSimulation, type Simulation } from '../../src/simulator/run-simulation.js';
import type { SimulatedSession } from '../../src/simulator/simulated-session.js';
import { USUAL_WORLD, type WorldProfile } from '../../src/simulator/world-profile.js';
import { startNode, type TestProcess } from './processes.js';

/** How much faster than life these worlds are: 404s that last 2.25 s mean gone. */
const SPEED = 40;
const LIMIT = 10;

export type TestWorld = {
  agora: FakeAgora;
  simulation: Simulation;
  /** Starts a process of the service with these roles, on the world's settings and `more` of them. */
  startProcess: (roles: string, more?: Readonly<Record<string, string>>) => Promise<TestProcess>;
  /** The settings of its processes. */
  env: Readonly<Record<string, string>>;
  /** Where a process with the role `api` listens. */
  apiUrl: string;
  /** The end of what each process said, for a test that failed. */
  lastWords: () => string;
  close: () => Promise<void>;
};

export type WorldSettings = {
  seed: number;
  sessions: number;
  /** Null for a world without end, which begins with all of its sessions. */
  seconds: number | null;
  settlingSeconds: number;
  env: Readonly<Record<string, string>>;
  profile?: Partial<WorldProfile>;
  /** AGORA_BASE_URLS, given where the simulated Agora listens; that alone if it is left out. */
  baseUrls?: (agoraUrl: string) => string | Promise<string>;
  /** Where notifications are sent; to the one process with the role `receiver` if it is left out. */
  receiverUrl?: string;
  /** Queries a second that Agora allows the account. */
  limit?: number;
  /** What notifications are signed with, for a world whose apps are configured in a file. */
  secret?: string;
};

/** A simulated Agora, its sessions, and the means to start, kill and restart a ledger for them. */
export async function openWorld(settings: WorldSettings): Promise<TestWorld> {
  const { limit = LIMIT } = settings;
  // Of its own: a port that is given back may be another world's next, which must not take these notifications in.
  const secret = settings.secret ?? `world-ncs-${randomUUID()}`;
  const sessionsBySid = new Map<string, SimulatedSession>();
  const account = { customerId: 'world', customerSecret: 'world-secret', appIds: ['world'] };
  const agora = await startFakeAgora({
    accounts: [account],
    limitPerSecond: limit,
    seed: settings.seed,
    speed: SPEED,
    now: Date.now,
    findSession: (sid) => sessionsBySid.get(sid),
  });
  const [receiver, api] = [await freePort('127.0.0.1'), await freePort('127.0.0.1')];
  const baseUrls = (await settings.baseUrls?.(agora.url)) ?? agora.url;
  const env = environmentOf(baseUrls, receiver, api, {
    AGORA_QPS: String(limit),
    AGORA_NCS_SECRET: secret,
    ...settings.env,
  });
  const simulation = runSimulation({
    seed: settings.seed,
    sessions: settings.sessions,
    speed: SPEED,
    durationMs: settings.seconds === null ? null : settings.seconds * 1_000,
    settlingMs: settings.settlingSeconds * 1_000,
    profile: {
      ...USUAL_WORLD,
      meanLifeMs: 480_000,
      loss: 0.15,
      duplicates: 0.3,
      ...settings.profile,
    },
    receiverUrl: settings.receiverUrl ?? `http://127.0.0.1:${String(receiver)}`,
    apiUrl: `http://127.0.0.1:${String(api)}`,
    apiKey: null,
    secret,
    appId: 'world',
    agora,
    sessionsBySid,
    now: Date.now,
  });
  const services: TestProcess[] = [];
  return {
    agora,
    simulation,
    env,
    apiUrl: `http://127.0.0.1:${String(api)}`,
    startProcess: async (roles, more = {}) => {
      const service = startNode(['dist/main.js'], { env: { ...env, ...more, ROLES: roles } });
      services.push(service);
      await service.says(/service\.started/);
      return service;
    },
    lastWords: () => services.map(({ output }) => output().slice(-3_000)).join('\n\n'),
    close: async () => {
      await simulation.stop();
      await agora.close();
    },
  };
}

function environmentOf(
  baseUrls: string,
  receiver: number,
  api: number,
  more: Readonly<Record<string, string>>,
): Record<string, string> {
  const faster = (ms: number): string => String(Math.round(ms / SPEED));
  return {
    RECEIVER_HOST: '127.0.0.1',
    RECEIVER_PORT: String(receiver),
    API_PORT: String(api),
    AGORA_APP_ID: 'world',
    AGORA_CUSTOMER_ID: 'world',
    AGORA_CUSTOMER_SECRET: 'world-secret',
    AGORA_BASE_URLS: baseUrls,
    START_CHECK_AFTER_MS: faster(5_000),
    START_DEADLINE_MS: faster(90_000),
    GONE_CONFIRM_MS: faster(90_000),
    GONE_MARGIN_MS: faster(30_000),
    ROUTINE_INTERVAL_MS: faster(120_000),
    RETRY_BACKOFF_MS: [5_000, 10_000, 15_000, 30_000].map(faster).join(','),
    QUERY_TIMEOUT_MS: '2000',
    LOG_LEVEL: 'info',
    ...more,
  };
}
