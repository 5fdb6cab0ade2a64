import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { startApp, type App } from '../../app.js';
import { forgetPostgresVariables } from '../../config/environment.js';
import { createLogger } from '../../observability/create-logger.js';
import { startFakeAgora } from '../../simulator/fake-agora.js';
import { runSimulation, type Simulation } from '../../simulator/run-simulation.js';
import type { SimulatedSession } from '../../simulator/simulated-session.js';
import { USUAL_WORLD } from '../../simulator/world-profile.js';
import { createOpenResources, type OpenResources } from '../../start/open-resources.js';
import { print } from '../with-config.js';
import { addWorldOptions, worldOptions, type WorldOptions } from '../world-options.js';
import { openDemoDatabase } from './demo-database.js';
import { openDemoFolder } from './demo-folder.js';
import { ACCOUNT, APP_ID, demoConfig, demoSettings, LIMIT, NCS_SECRET, writeSettings } from './demo-settings.js';
import { untilTold } from './until-told.js';
import { watchDemo, type Places } from './watch-demo.js';

type DemoOptions = WorldOptions & { databaseUrl?: string };

/** All is stopped within 7 s; what is not by then ends with the process, and its folder after it. */
const END_WITHIN_MS = 9_000;

export function demoCommand(): Command {
  const command = new Command('demo')
    .description(
      'the whole service on an embedded Postgres of its own, against a simulated Agora that loses, doubles and reorders; settings of the environment do not reach it',
    )
    .option('--database-url <url>', 'an empty Postgres database to use instead; what is recorded stays there');
  return addWorldOptions(command).action(demo);
}

/** Whatever happens, it ends, says so in a line, and leaves nothing running and no file. */
async function demo(options: DemoOptions): Promise<void> {
  const told = untilTold();
  process.once('uncaughtException', fail);
  told.addEventListener('abort', () => setTimeout(() => process.exit(1), END_WITHIN_MS).unref());
  forgetPostgresVariables();
  const opened = createOpenResources(createLogger('error'));
  try {
    const perfect = await live(options, told, opened);
    await opened.closeAll();
    process.exit(perfect ? 0 : 1);
  } catch (error) {
    await opened.closeAll();
    // Told to stop before there was anything to be wrong about.
    if (told.aborted) process.exit(0);
    fail(error);
  }
}

function fail(error: unknown): never {
  const reason = error instanceof Error && error.message !== '' ? error.message : String(error);
  process.stderr.write(`The demo has failed: ${reason}\n`);
  process.exit(1);
}

/** Opens one part after the other, lets the world happen, and says whether the ledger was right about it. */
async function live(options: DemoOptions, told: AbortSignal, opened: OpenResources): Promise<boolean> {
  const folder = opened.add(await openDemoFolder(), (it) => it.remove());
  const sessionsBySid = new Map<string, SimulatedSession>();
  const world = worldOptions(options);
  const agora = opened.add(
    await startFakeAgora({
      accounts: [{ ...ACCOUNT, appIds: [APP_ID] }],
      limitPerSecond: LIMIT,
      seed: world.seed,
      speed: world.speed,
      now: Date.now,
      findSession: (sid) => sessionsBySid.get(sid),
    }),
    (it) => it.close(),
  );
  const database = opened.add(await openDemoDatabase(folder.path, options.databaseUrl ?? null), (it) => it.stop());
  told.throwIfAborted();
  const key = randomBytes(12).toString('hex');
  const settings = demoSettings({
    speed: world.speed,
    agoraUrl: agora.url,
    databaseUrl: database.url,
    folder: folder.path,
    key,
  });
  const config = demoConfig(settings);
  const service = opened.add(await startApp(config, createLogger(config.logLevel)), (it) => it.stop());
  told.throwIfAborted();
  const places = {
    receiverUrl: addressOf(service.receiverPort),
    apiUrl: addressOf(service.apiPort),
    databaseUrl: database.url,
    settingsFile: await writeSettings(folder.path, settings),
    key,
  };
  introduce(places, options);
  const simulation: Simulation = opened.add(
    runSimulation({
      ...world,
      ...places,
      profile: { ...USUAL_WORLD, ...world.profile },
      apiKey: key,
      secret: NCS_SECRET,
      appId: APP_ID,
      agora,
      sessionsBySid,
      now: Date.now,
    }),
    (it) => it.stop(),
  );
  return watchDemo(simulation, told, places, options.for ?? 'usual');
}

function addressOf(port: App['apiPort']): string {
  return `http://127.0.0.1:${String(port)}`;
}

function introduce({ receiverUrl, apiUrl, databaseUrl, key }: Places, options: WorldOptions): void {
  const { sessions, loss, duplicates, seed, speed } = options;
  print('recording-ledger demo: a simulated Agora records, and the ledger finds out what happened.');
  print(
    `  ${String(sessions)} sessions, ${String(loss * 100)} % of notifications lost, ${String(duplicates * 100)} % doubled, seed ${String(seed)}, ${String(speed)} times as fast as life`,
  );
  print(`  page      ${apiUrl}/   key: ${key}`);
  print(`  receiver  ${receiverUrl}/ncs/${APP_ID}`);
  print(`  API       ${apiUrl}/v1/sessions   key: ${key}`);
  print(`  database  ${databaseUrl}`);
  print(`  try       curl -H "Authorization: Bearer ${key}" ${apiUrl}/v1/summary`);
  print('');
}
