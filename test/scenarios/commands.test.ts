import { freePort } from '../../src/embedded/free-port.js';
import { clearAfterEach } from '../support/leftovers.js';
import { startNode, type TestProcess } from '../support/processes.js';
import { APP, NCS_SECRET, startTestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const KEY = 'simulation-key-0123456789';
/** Small and fast enough for every end to be known well before the shortest run is over. */
const WORLD = ['--sessions', '4', '--speed', '60', '--for', '20'];
const RUN_MS = 60_000;

const leftovers = clearAfterEach();

/** A service that lives as fast as the world, and what the simulation has to know of it. */
async function startFastService(more: Readonly<Record<string, string>> = {}) {
  const agoraPort = String(await freePort('127.0.0.1'));
  const account = { AGORA_CUSTOMER_ID: 'c', AGORA_CUSTOMER_SECRET: 's', AGORA_QPS: '10' };
  const service = await startTestService({
    ...account,
    API_KEYS: `simulation:write:${KEY}`,
    AGORA_BASE_URLS: `http://127.0.0.1:${agoraPort}`,
    START_CHECK_AFTER_MS: '100',
    START_DEADLINE_MS: '1500',
    GONE_CONFIRM_MS: '1500',
    GONE_MARGIN_MS: '500',
    ROUTINE_INTERVAL_MS: '2000',
    RETRY_BACKOFF_MS: '100,200,250,500',
    ...more,
  });
  leftovers.push(service.close);
  const env = {
    ...account,
    AGORA_APP_ID: APP,
    AGORA_NCS_SECRET: NCS_SECRET,
    RECEIVER_PORT: String(service.app.receiverPort),
    API_PORT: String(service.app.apiPort),
  };
  return { service, agoraPort, env };
}

function startSimulation(args: readonly string[], env: Readonly<Record<string, string>>): TestProcess {
  return startNode(['dist/cli/main.js', 'simulate', ...WORLD, ...args], { env });
}

describe('the simulation against a running service', () => {
  it('feeds it, stops by itself after the time it was given, and tells how right the service was', async () => {
    const { service, agoraPort, env } = await startFastService();
    const simulation = startSimulation(['--agora-port', agoraPort, '--api-key', KEY], env);
    await simulation.says(/sessions +4, of which over 4/, RUN_MS);
    expect(await simulation.ended).toEqual({ code: 0, signal: null });
    expect(simulation.output()).toMatch(/Perfect/);
    const { body } = await service.api('GET', '/v1/sessions', undefined, KEY);
    expect(body.sessions.map(({ state }: { state: string }) => ['ended', 'failed'].includes(state))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(simulation.output()).toMatch(/wrong ends +0\n +forgotten sessions +0\n/);
  });

  it('scores the sessions of its own run alone, and leaves none of them open when it is stopped', async () => {
    const { service, agoraPort, env } = await startFastService();
    const run = async (): Promise<string> => {
      const simulation = startSimulation(['--for', 'endless', '--agora-port', agoraPort, '--api-key', KEY], env);
      await simulation.says(/ 5 s {2}/);
      simulation.kill('SIGTERM');
      await simulation.ended;
      return simulation.output();
    };
    const [first, second] = [await run(), await run()];
    const started = (output: string): number => Number(/^ {2}sessions +(\d+)/m.exec(output)?.[1]);
    const listed = async (): Promise<string[]> => {
      const { body } = await service.api('GET', '/v1/sessions?limit=500', undefined, KEY);
      return body.sessions.map(({ state }: { state: string }) => state);
    };
    await waitFor(async () => (await listed()).every((state) => ['ended', 'failed'].includes(state)), {
      deadlineMs: 10_000,
      what: 'every session to be over',
    });
    expect(started(first)).toBeGreaterThan(0);
    expect((await listed()).length).toBe(started(first) + started(second));
    expect(second).toMatch(/wrong ends +0\n/);
  });

  it('refuses a service that judges by other times, and says which settings differ', async () => {
    const { service, agoraPort, env } = await startFastService({ GONE_CONFIRM_MS: '90000', START_DEADLINE_MS: '10' });
    const simulation = startSimulation(['--agora-port', agoraPort, '--api-key', KEY], env);
    expect(await simulation.ended).toEqual({ code: 1, signal: null });
    expect(simulation.output()).toMatch(
      /GONE_CONFIRM_MS is 90000; it must be between 1416 and 3000, for instance 1500/,
    );
    expect(simulation.output()).toMatch(/START_DEADLINE_MS is 10; /);
    expect(simulation.output()).not.toMatch(/ROUTINE_INTERVAL_MS/);
    expect((await service.api('GET', '/v1/sessions', undefined, KEY)).body.sessions).toEqual([]);
  });

  it('says what a 401 is: which secret it signs with, or which key it asks with', async () => {
    const { agoraPort, env } = await startFastService();
    const wrongSecret = { ...env, AGORA_NCS_SECRET: 'another' };
    const unsigned = startSimulation(['--agora-port', agoraPort, '--api-key', KEY], wrongSecret);
    expect((await unsigned.ended).code).toBe(1);
    expect(unsigned.output()).toMatch(/The receiver answered 401 .* for app app-1, .* AGORA_NCS_SECRET/);
    const keyless = startSimulation(['--agora-port', agoraPort], env);
    expect((await keyless.ended).code).toBe(1);
    expect(keyless.output()).toMatch(/The API at .* answered 401 for want of a key: give --api-key/);
  });

  it('says so when its port is taken', async () => {
    const { service, env } = await startFastService();
    const simulation = startSimulation(['--agora-port', String(service.app.apiPort), '--api-key', KEY], env);
    expect((await simulation.ended).code).toBe(1);
    expect(simulation.output()).toMatch(/is taken: give --agora-port another one/);
  });

  it('says what is missing where it has no settings to sign with', async () => {
    const simulation = startNode(['dist/cli/main.js', 'simulate', ...WORLD]);
    expect(await simulation.ended).toEqual({ code: 1, signal: null });
    expect(simulation.output()).toMatch(/Set the AGORA_ settings of the service here as well/);
  });
});
