import { jest } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { startEmbeddedPostgres } from '../../src/embedded/embedded-postgres.js';
import { createTestFolder } from '../support/folder.js';
import { clearAfterEach } from '../support/leftovers.js';
import { endProcesses, startNode, type TestProcess } from '../support/processes.js';
import { recordingAnswer, recordingClient, startBody, type CallAnswer } from '../support/recording-api.js';
import { stopImmediately } from '../support/stop-postgres.js';
import { startStubAgora } from '../support/stub-agora.js';
import { waitFor } from '../support/wait-for.js';

jest.setTimeout(600_000);

const leftovers = clearAfterEach();
const APP = 'app-1';
const LIMIT = 60;
const RECORDINGS = 100;
const AT_ONCE = 12;

type Served = { process: TestProcess; port: number };

/** Whole processes that serve Agora's API, one of which can be killed and started again. */
async function startServing(env: Readonly<Record<string, string>>, count: number) {
  const startOne = async (n: number): Promise<Served> => {
    const process = startNode(['dist/main.js'], { env: { ...env, ROLES: n === 0 ? 'api,jobs' : 'api' } });
    const [, port = ''] = await process.says(/"apiPort":(\d+)/, 150_000);
    return { process, port: Number(port) };
  };
  const served = await Promise.all(Array.from({ length: count }, (_, n) => startOne(n)));
  return {
    port: (n: number): number => served[n % count]?.port ?? 0,
    killAndStart: async (n: number): Promise<void> => {
      served[n]?.process.kill('SIGKILL');
      await served[n]?.process.ended;
      served[n] = await startOne(n);
    },
  };
}

/** As a client of Agora's API does it: an answer that is none, or says to come again, is asked for again. */
async function untilAnswered(call: (attempt: number) => Promise<CallAnswer>): Promise<CallAnswer> {
  for (let attempt = 0; ; attempt += 1) {
    const answer = await call(attempt).catch(() => null);
    if (answer !== null && answer.status < 429) return answer;
    await wait(200); // as Agora's pages advise, shortened
  }
}

function worstSecond(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return Math.max(...sorted.map((from, n) => sorted.slice(n).filter((at) => at < from + 1_000).length));
}

it('100 recordings of a client that knows Agora alone are registered and ended, under kills and without Postgres for a while', async () => {
  const dataDir = await createTestFolder('passing-');
  const postgres = await startEmbeddedPostgres({ dataDir, log: () => undefined });
  const agora = await startStubAgora();
  agora.answerWith(recordingAnswer((resourceId) => `sid-of-${resourceId}`));
  leftovers.push(() => endProcesses(), agora.close, postgres.stop);
  const serving = await startServing(
    {
      DATABASE_URL: postgres.url,
      SPOOL_DIR: await createTestFolder('passing-spool-'),
      API_PORT: '0',
      AGORA_APP_ID: APP,
      AGORA_CUSTOMER_ID: 'customer',
      AGORA_CUSTOMER_SECRET: 'secret',
      AGORA_NCS_SECRET: 'ncs',
      AGORA_BASE_URLS: agora.url,
      AGORA_QPS: String(LIMIT),
      AGORA_PASS_THROUGH: 'on',
      QUERY_TIMEOUT_MS: '1500',
    },
    2,
  );
  const started = new Map<string, { resourceId: string; cname: string; uid: string }>();
  const record = async (n: number): Promise<void> => {
    const of = { cname: `room-${String(n)}`, uid: String(1_000 + n) };
    const send = (method: string, rest: string, body?: object): Promise<any> =>
      untilAnswered(async (attempt) => {
        const { call, close } = recordingClient(`http://127.0.0.1:${String(serving.port(n + attempt))}/agora`, APP);
        return call(method, rest, body).finally(() => close());
      }).then(({ text }) => JSON.parse(text));
    const acquire = { ...of, clientRequest: { resourceExpiredHour: 24 } };
    const { resourceId } = await send('POST', 'acquire', acquire);
    const { sid } = await send('POST', `resourceid/${resourceId}/mode/mix/start`, startBody(of.cname, of.uid));
    started.set(sid, { resourceId, ...of });
    await send('GET', `resourceid/${resourceId}/sid/${sid}/mode/mix/query`);
    await send('POST', `resourceid/${resourceId}/sid/${sid}/mode/mix/stop`, { ...of, clientRequest: {} });
  };
  let next = 0;
  const recordAll = async (): Promise<void> => {
    while (next < RECORDINGS) await record(next++);
  };
  const begun = (share: number) =>
    waitFor(() => next >= RECORDINGS * share, { deadlineMs: 120_000, what: `${String(share)} of the recordings` });
  const disturb = async (): Promise<void> => {
    await begun(0.2);
    await serving.killAndStart(1);
    await begun(0.4);
    await stopImmediately(dataDir);
    await begun(0.6);
    await serving.killAndStart(0);
    await begun(0.8);
    await serving.killAndStart(1);
  };
  await Promise.all([disturb(), ...Array.from({ length: AT_ONCE }, recordAll)]);
  expect(started.size).toBe(RECORDINGS);
  const read = async (sid: string): Promise<any> =>
    (await fetch(`http://127.0.0.1:${String(serving.port(0))}/v1/sessions/${sid}`)).json();
  for (const [sid, told] of started) {
    const right = { ...told, appId: APP, mode: 'mix', state: 'ended', outcome: 'completed', queryable: true };
    const isRight = async (): Promise<true> => {
      expect(await read(sid)).toMatchObject(right);
      return true;
    };
    await waitFor(isRight, { deadlineMs: 60_000, what: `the end of ${sid}` });
  }
  const worst = worstSecond(agora.requests.map(({ atMs }) => atMs));
  console.info(`limit ${String(LIMIT)}: worst second ${String(worst)}, ${String(agora.requests.length)} calls`);
  expect(worst).toBeLessThanOrEqual(LIMIT);
  const starts = agora.requests.filter(({ path }) => path.endsWith('/start'));
  expect(starts.length).toBeLessThanOrEqual(RECORDINGS + 3 * AT_ONCE); // a kill loses what was on its way
});
