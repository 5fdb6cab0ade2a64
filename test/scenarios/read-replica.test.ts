import { jest } from '@jest/globals';
import { freePort } from '../../src/embedded/free-port.js';
import { fetchDocumented } from '../support/fetch-documented.js';
import { clearAfterEach } from '../support/leftovers.js';
import { startNode } from '../support/processes.js';
import { describeWithStandby, startPrimary, startStandby } from '../support/standby.js';
import { waitFor } from '../support/wait-for.js';

jest.setTimeout(120_000);

const leftovers = clearAfterEach();

const DELAY_MS = 6_000;

describeWithStandby('a replica that is six seconds behind', () => {
  it('answers lists; what a caller has just written, the feed too, comes from the primary, and so does all without it', async () => {
    const primary = await startPrimary();
    const standby = await startStandby(primary.url, 'late', [`recovery_min_apply_delay=${String(DELAY_MS)}ms`]);
    leftovers.push(standby.remove, primary.stop);
    const port = await freePort('127.0.0.1');
    const env = { DATABASE_URL: primary.url, DATABASE_READ_URL: standby.url, ROLES: 'api', API_PORT: String(port) };
    await startNode(['dist/main.js'], { env }).says(/service\.started/);
    const read = async (path: string): Promise<string> => {
      const response = await fetchDocumented(`http://127.0.0.1:${String(port)}${path}`);
      return response.text();
    };
    const usesReplica = async (): Promise<boolean> => !(await read('/readyz')).includes('the primary is read');
    await waitFor(usesReplica, { deadlineMs: 30_000, what: 'the replica to have the schema' });

    const sid = 'e'.repeat(32);
    const registered = await fetchDocumented(`http://127.0.0.1:${String(port)}/v1/sessions/${sid}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ appId: 'app', resourceId: 'r', mode: 'mix', cname: 'c', uid: '1' }),
    });
    expect(registered.status).toBe(201);
    expect(await read('/v1/sessions')).not.toContain(sid);
    expect(await read(`/v1/sessions/${sid}`)).toContain('"registered"');
    expect(await read(`/v1/sessions/${sid}/timeline`)).toContain('registered');
    expect(await read('/v1/changes?after=0')).toContain(sid);
    const lag = async (): Promise<number> =>
      Number(/^recording_ledger_read_replica_lag_seconds (\S+)$/m.exec(await read('/metrics'))?.[1]);
    await waitFor(async () => (await lag()) > 1, { deadlineMs: 8_000, what: 'its lag among the metrics' });
    await waitFor(async () => (await read('/v1/sessions')).includes(sid), { deadlineMs: 15_000, what: 'the replica' });

    standby.process.kill('SIGKILL');
    await standby.process.ended;
    const again = 'f'.repeat(32);
    await fetchDocumented(`http://127.0.0.1:${String(port)}/v1/sessions/${again}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ appId: 'app', resourceId: 'r', mode: 'mix', cname: 'c', uid: '1' }),
    });
    expect(await read('/v1/sessions')).toContain(again);
    const warned = async (): Promise<boolean> =>
      /replica of DATABASE_READ_URL cannot be used/.test(await read('/readyz'));
    await waitFor(warned, { deadlineMs: 10_000, what: 'a warning' });
  });
});
