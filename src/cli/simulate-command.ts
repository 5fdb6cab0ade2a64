import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import type { AccountConfig } from '../config/accounts.js';
import type { Config } from '../config/parse-config.js';
import { nextSignal } from '../run-until-signal.js';
import { checkLedger } from '../simulator/check-ledger.js';
import { startFakeAgora, type FakeAgora } from '../simulator/fake-agora.js';
import { findEndOfFeed } from '../simulator/ledger-client.js';
import { runSimulation, type Progress, type Simulation } from '../simulator/run-simulation.js';
import type { SimulatedSession } from '../simulator/simulated-session.js';
import { USUAL_WORLD } from '../simulator/world-profile.js';
import { within } from '../timing/within.js';
import { faultsOf, progressLine, scoreTable, verdictLine } from './score-table.js';
import { addWorldOptions, worldOptions, type WorldOptions } from './world-options.js';
import { orExplain, print, readConfig } from './with-config.js';

type Options = WorldOptions & { agoraPort: number; apiKey?: string };

const LINE_EVERY_MS = 5_000;
const TELL_ENDS_WITHIN_MS = 5_000;

/** A simulated Agora against a service that runs already, with the settings of that service. */
export function simulateCommand(): Command {
  const command = new Command('simulate')
    .description(
      'simulate Agora against a running service, whose AGORA_BASE_URLS names this machine; with the AGORA_ settings, ports and keys of that service in the environment',
    )
    .option('--agora-port <port>', 'where `query` is answered', Number, 9090)
    .option('--api-key <key>', 'a key of the service that may write (default: the first such of API_KEYS)');
  return addWorldOptions(command).action((options: Options) => orExplain(() => simulate(options)));
}

/** What the simulation needs to know of the service, out of its settings. */
type Target = {
  account: AccountConfig;
  appId: string;
  secret: string;
  receiverUrl: string;
  apiUrl: string;
  apiKey: string | null;
};

async function simulate(options: Options): Promise<void> {
  const signal = nextSignal();
  const target = targetOf(readConfig(), options);
  const world = worldOptions(options);
  const profile = { ...USUAL_WORLD, ...world.profile };
  const problems = await Promise.race([checkLedger({ ...target, profile, speed: world.speed }), signal]);
  if (problems === undefined) process.exit(0);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const sessionsBySid = new Map<string, SimulatedSession>();
  const agora = await openAgora(target, options, sessionsBySid);
  try {
    const simulation = runSimulation({
      ...world,
      ...target,
      profile,
      run: randomBytes(8).toString('hex'),
      feedFrom: await findEndOfFeed(target.apiUrl, target.apiKey),
      agora,
      sessionsBySid,
      now: Date.now,
    });
    print(`Agora is simulated at ${agora.url}. Ctrl-C ends it, with the score.`);
    await watch(simulation, signal, target, agora);
  } finally {
    await agora.close();
  }
}

function targetOf({ accounts, api, receiver }: Config, options: Options): Target {
  const account = accounts[0];
  const app = account?.apps[0];
  const secret = app?.ncsSecrets[0];
  if (account === undefined || app === undefined || secret === undefined) {
    throw new Error('Set the AGORA_ settings of the service here as well: the simulation signs with them.');
  }
  return {
    account,
    appId: app.appId,
    secret,
    receiverUrl: `http://127.0.0.1:${String(receiver.port)}`,
    apiUrl: `http://127.0.0.1:${String(api.port)}`,
    apiKey: options.apiKey ?? api.keys.find(({ role }) => role === 'write')?.key ?? null,
  };
}

async function openAgora(
  { account }: Target,
  { agoraPort, seed, speed }: Options,
  sessionsBySid: ReadonlyMap<string, SimulatedSession>,
): Promise<FakeAgora> {
  const agora = {
    accounts: [{ ...account, appIds: account.apps.map(({ appId }) => appId) }],
    limitPerSecond: account.qps,
    seed,
    speed,
    now: Date.now,
    findSession: (sid: string) => sessionsBySid.get(sid),
  };
  return startFakeAgora(agora, agoraPort).catch((error: unknown) => {
    const where = `127.0.0.1:${String(agoraPort)}`;
    throw new Error(
      `${where} is taken: give --agora-port another one, and name it in AGORA_BASE_URLS of the service.`,
      { cause: error },
    );
  });
}

/** Until the time it was given is over, or somebody stops it; then the score, and no session is left open. */
async function watch(simulation: Simulation, signal: Promise<void>, target: Target, agora: FakeAgora): Promise<void> {
  const line = setInterval(() => print(progressLine(simulation.progress())), LINE_EVERY_MS);
  await Promise.race([simulation.done, signal]);
  clearInterval(line);
  const [score, progress] = [simulation.score(), simulation.progress()];
  print('\nThe ledger against the truth, of the sessions of this run:');
  print(scoreTable(score, progress, target.account.qps));
  for (const remark of remarks(progress, target, agora)) print(`  ${remark}`);
  print(verdictLine(score, progress));
  const open = simulation.open();
  if (open > 0) print(`The ledger is told the end of ${String(open)} sessions that it did not call over.`);
  await within(TELL_ENDS_WITHIN_MS, simulation.endOpen());
  await simulation.stop();
  if (faultsOf(score, progress).length > 0) process.exitCode = 1;
}

/** What was refused on the way, and which setting would mend it. */
function remarks({ answers, queries, notifications }: Progress, { appId }: Target, agora: FakeAgora): string[] {
  const said: string[] = [];
  if (notifications.refused > 0) {
    said.push(
      `${String(notifications.refused)} notifications were answered 401: the service no longer takes the secret that is set here for app ${appId}.`,
    );
  }
  if (queries === 0) said.push(`No query came to ${agora.url}: AGORA_BASE_URLS of the service must name it.`);
  const unknown = answers['401'] ?? 0;
  if (unknown > 0) {
    said.push(
      `${String(unknown)} queries were answered 401: the service asks with another AGORA_CUSTOMER_ID or AGORA_CUSTOMER_SECRET than is set here.`,
    );
  }
  return said;
}
