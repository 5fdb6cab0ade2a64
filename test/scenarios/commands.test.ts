import { freePort } from '../../src/embedded/free-port.js';
import { fetchDocumented } from '../support/fetch-documented.js';
import { endProcesses, startNode } from '../support/processes.js';
import { APP, NCS_SECRET, startTestService } from '../support/service.js';

const KEY = 'simulation-key-0123456789';
/** Small and fast enough for every end to be known well before the shortest run is over. */
const WORLD = ['--sessions', '4', '--speed', '60', '--for', '20'];
const RUN_MS = 60_000;

afterEach(() => endProcesses());

describe('the demo', () => {
  it('runs the whole service, is right about all of it, stops by itself and leaves nothing', async () => {
    const demo = startNode(['dist/cli/main.js', 'demo', ...WORLD]);
    const [, port, key] = await demo.says(/API +http:\/\/127\.0\.0\.1:(\d+)\/v1\/sessions +key: (\w+)/, RUN_MS);
    const asked = await fetchDocumented(`http://127.0.0.1:${port ?? ''}/v1/summary`, {
      headers: { authorization: `Bearer ${key ?? ''}` },
    });
    expect(asked.status).toBe(200);
    expect(await demo.ended).toEqual({ code: 0, signal: null });
    expect(demo.output()).toMatch(
      /sessions +4, of which over 4\n +wrong ends +0\n +forgotten sessions +0\n +wrong outcomes +0\n/,
    );
  });
});

describe('the simulation against a running service', () => {
  it('feeds it, stops by itself after the time it was given, and tells how right the service was', async () => {
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
    });
    const simulation = startNode(
      ['dist/cli/main.js', 'simulate', ...WORLD, '--agora-port', agoraPort, '--api-key', KEY],
      {
        env: {
          ...account,
          AGORA_APP_ID: APP,
          AGORA_NCS_SECRET: NCS_SECRET,
          RECEIVER_PORT: String(service.app.receiverPort),
          API_PORT: String(service.app.apiPort),
        },
      },
    );
    await simulation.says(/sessions +4, of which over 4/, RUN_MS);
    expect(await simulation.ended).toEqual({ code: 0, signal: null });
    const { body } = await service.api('GET', '/v1/sessions', undefined, KEY);
    expect(body.sessions.map(({ state }: { state: string }) => ['ended', 'failed'].includes(state))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(simulation.output()).toMatch(/wrong ends +0\n +forgotten sessions +0\n/);
    await service.close();
  });

  it('says what is missing where it has no settings to sign with', async () => {
    const simulation = startNode(['dist/cli/main.js', 'simulate', ...WORLD]);
    expect(await simulation.ended).toEqual({ code: 1, signal: null });
    expect(simulation.output()).toMatch(/Set the AGORA_ settings of the service here as well/);
  });
});
