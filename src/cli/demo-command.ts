import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import type { Config } from '../config/parse-config.js';
import { createLogger } from '../observability/create-logger.js';
import { nextSignal } from '../run-until-signal.js';
import { startApp, type App } from '../app.js';
import { announce } from '../run-service.js';
import { startFakeAgora, type FakeAgora } from '../simulator/fake-agora.js';
import { runSimulation, type Simulation } from '../simulator/run-simulation.js';
import type { SimulatedSession } from '../simulator/simulated-session.js';
import { USUAL_WORLD } from '../simulator/world-profile.js';
import { isPerfect, progressLine, scoreTable } from './score-table.js';
import { addWorldOptions, worldOptions, type WorldOptions } from './world-options.js';
import { orExplain, print, readConfig } from './with-config.js';

export function demoCommand(): Command {
  const command = new Command('demo').description(
    'the whole service on an embedded Postgres, against a simulated Agora that loses, doubles and reorders',
  );
  return addWorldOptions(command).action((options: WorldOptions) => orExplain(() => demo(options)));
}

const ACCOUNT = { customerId: 'demo-customer', customerSecret: 'demo-customer-secret' };
const APP_ID = 'demo';
const SECRET = 'demo-ncs-secret';
const LIMIT = 10;
/** In an endless demo, when the first score is printed. */
const FIRST_SCORE_MS = 60_000;

async function demo(options: WorldOptions): Promise<void> {
  const signal = nextSignal();
  const folder = await mkdtemp(path.join(tmpdir(), 'recording-ledger-demo-'));
  const key = randomBytes(12).toString('hex');
  const sessionsBySid = new Map<string, SimulatedSession>();
  const world = worldOptions(options);
  const agora = await startFakeAgora({
    accounts: [{ ...ACCOUNT, appIds: [APP_ID] }],
    limitPerSecond: LIMIT,
    seed: world.seed,
    speed: world.speed,
    now: Date.now,
    findSession: (sid) => sessionsBySid.get(sid),
  });
  const config = await demoConfig(options.speed, agora, folder, key);
  const log = createLogger(config.logLevel);
  announce(config, log);
  const service = await startApp(config, log);
  const simulation = runSimulation({
    ...world,
    profile: { ...USUAL_WORLD, ...world.profile },
    receiverUrl: `http://127.0.0.1:${String(service.receiverPort)}`,
    apiUrl: `http://127.0.0.1:${String(service.apiPort)}`,
    apiKey: key,
    secret: SECRET,
    appId: APP_ID,
    agora,
    sessionsBySid,
    now: Date.now,
  });
  introduce(service, key, options);
  const perfect = await watch(simulation, signal, { endless: options.for === undefined });
  await simulation.stop();
  await service.stop();
  await agora.close();
  await rm(folder, { recursive: true, force: true });
  process.exit(perfect ? 0 : 1);
}

/** The settings of a real service, with times shortened by the speed of the simulated world. */
async function demoConfig(speed: number, agora: FakeAgora, folder: string, key: string): Promise<Config> {
  const faster = (ms: number): string => String(Math.round(ms / speed));
  return readConfig({
    ROLES: 'receiver,api,jobs',
    DATA_DIR: folder,
    RECEIVER_HOST: '127.0.0.1',
    RECEIVER_PORT: String(await freePort(8080)),
    API_HOST: '127.0.0.1',
    API_PORT: String(await freePort(8081)),
    API_KEYS: `demo:write:${key}`,
    AGORA_APP_ID: APP_ID,
    AGORA_CUSTOMER_ID: ACCOUNT.customerId,
    AGORA_CUSTOMER_SECRET: ACCOUNT.customerSecret,
    AGORA_NCS_SECRET: SECRET,
    AGORA_CONFIG_FILE: undefined,
    AGORA_BASE_URLS: agora.url,
    AGORA_QPS: String(LIMIT),
    START_CHECK_AFTER_MS: faster(5_000),
    START_DEADLINE_MS: faster(90_000),
    GONE_CONFIRM_MS: faster(90_000),
    GONE_MARGIN_MS: faster(30_000),
    ROUTINE_INTERVAL_MS: faster(120_000),
    RETRY_BACKOFF_MS: [5_000, 10_000, 15_000, 30_000].map(faster).join(','),
    LOG_LEVEL: 'error',
  });
}

/** The usual port if it is free, so that the addresses in the README work; else any. */
async function freePort(usual: number): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(0));
    probe.listen(usual, '127.0.0.1', () => probe.close(() => resolve(usual)));
  });
}

function introduce(service: App, key: string, options: WorldOptions): void {
  const api = `http://127.0.0.1:${String(service.apiPort)}`;
  print('recording-ledger demo: a simulated Agora records, and the ledger finds out what happened.');
  print(
    `  ${String(options.sessions)} sessions, ${String(options.loss * 100)} % of notifications lost, ${String(options.duplicates * 100)} % doubled, seed ${String(options.seed)}, ${String(options.speed)} times as fast as life`,
  );
  print(`  receiver  http://127.0.0.1:${String(service.receiverPort)}/ncs/${APP_ID}`);
  print(`  API       ${api}/v1/sessions   key: ${key}`);
  print(`  try       curl -H "Authorization: Bearer ${key}" ${api}/v1/summary`);
  print('');
}

/** Shows progress until the run is over or is stopped by a signal; then the score. */
async function watch(
  simulation: Simulation,
  signal: Promise<void>,
  { endless }: { endless: boolean },
): Promise<boolean> {
  const isTerminal = process.stdout.isTTY;
  const show = (): void => {
    const line = progressLine(simulation.progress());
    if (isTerminal) process.stdout.write(`\r\u001b[K${line}`);
    else print(line);
  };
  const live = setInterval(show, isTerminal ? 500 : 10_000);
  const first = endless ? setTimeout(() => printScore(simulation), FIRST_SCORE_MS) : undefined;
  await Promise.race([simulation.done, signal]);
  clearInterval(live);
  clearTimeout(first);
  printScore(simulation);
  return isPerfect(simulation.score(), simulation.progress());
}

function printScore(simulation: Simulation): void {
  print('\n\nThe ledger against the truth:');
  print(scoreTable(simulation.score(), simulation.progress()));
  print('');
}
