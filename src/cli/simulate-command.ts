import { Command } from 'commander';
import { nextSignal } from '../run-until-signal.js';
import { startFakeAgora } from '../simulator/fake-agora.js';
import { runSimulation } from '../simulator/run-simulation.js';
import type { SimulatedSession } from '../simulator/simulated-session.js';
import { USUAL_WORLD } from '../simulator/world-profile.js';
import { progressLine, scoreTable } from './score-table.js';
import { addWorldOptions, worldOptions, type WorldOptions } from './world-options.js';
import { orExplain, print, readConfig } from './with-config.js';

type Options = WorldOptions & { agoraPort: number; apiKey?: string };

/** Runs a simulated Agora against a running service, with the settings of that service. */
export function simulateCommand(): Command {
  const command = new Command('simulate')
    .description('simulate Agora against a running service, whose AGORA_BASE_URLS names this machine')
    .option('--agora-port <port>', 'where `query` is answered', Number, 9090)
    .option('--api-key <key>', 'a key of the service that may write');
  return addWorldOptions(command).action((options: Options) => orExplain(() => simulate(options)));
}

/** Waits until the given time is over, or a signal stops it. */
async function simulate(options: Options): Promise<void> {
  const signal = nextSignal();
  const config = readConfig();
  const account = config.accounts[0];
  const app = account?.apps[0];
  const secret = app?.ncsSecrets[0];
  if (account === undefined || app === undefined || secret === undefined) {
    throw new Error('Set the AGORA_ settings of the service here as well: the simulation signs with them.');
  }
  const now = Date.now;
  const sessionsBySid = new Map<string, SimulatedSession>();
  const world = worldOptions(options);
  const agora = await startFakeAgora(
    {
      accounts: [{ ...account, appIds: account.apps.map(({ appId }) => appId) }],
      limitPerSecond: account.qps,
      seed: world.seed,
      speed: world.speed,
      now,
      findSession: (sid) => sessionsBySid.get(sid),
    },
    options.agoraPort,
  );
  const simulation = runSimulation({
    ...world,
    profile: { ...USUAL_WORLD, ...world.profile },
    settlingMs: world.settlingMs,
    receiverUrl: `http://127.0.0.1:${String(config.receiver.port)}`,
    apiUrl: `http://127.0.0.1:${String(config.api.port)}`,
    apiKey: options.apiKey ?? null,
    secret,
    appId: app.appId,
    agora,
    sessionsBySid,
    now,
  });
  print(`Agora is simulated at ${agora.url}. Ctrl-C stops it and prints the score.`);
  const line = setInterval(() => print(progressLine(simulation.progress())), 5_000);
  await Promise.race([simulation.done, signal]);
  clearInterval(line);
  print(scoreTable(simulation.score(), simulation.progress()));
  await simulation.stop();
  await agora.close();
}
