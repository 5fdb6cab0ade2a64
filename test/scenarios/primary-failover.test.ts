import { jest } from '@jest/globals';
import { freePort } from '../../src/embedded/free-port.js';
import { compare, inDatabase } from '../support/acknowledged.js';
import { startBalancer } from '../support/balancer.js';
import { clearAfterEach } from '../support/leftovers.js';
import { startPosting } from '../support/posting.js';
import { elapsed, expectPerfect } from '../support/run.js';
import { watchForSilence } from '../support/silence.js';
import { describeWithStandby, startPrimary, startStandby } from '../support/standby.js';
import { waitFor } from '../support/wait-for.js';
import { openWorld } from '../support/world.js';

jest.setTimeout(240_000);

const RUN = { sessions: 30, seconds: 80, settlingSeconds: 26, seed: 71, profile: { meanLifeMs: 2_400_000 } };
const POSTED_FROM_S = 6;
const KILLED_AT_S = 10;
const POSTED_TO_S = 26;
const OVER_AT_S = 50;
/** Until somebody has found out that the primary is gone, and promotes the standby. */
const PROMOTED_AFTER_MS = 3_000;
const LONGEST_SILENCE_MS = 30_000;
const SECRET = 'failover-secret';

const leftovers = clearAfterEach();

describeWithStandby('a primary that is killed, and whose synchronous standby is promoted', () => {
  it('loses nothing that was acknowledged, calls nothing over that lives, and asking goes on within 30 s', async () => {
    const primary = await startPrimary();
    const standby = await startStandby(primary.url, 'next', ['synchronous_standby_names=']);
    leftovers.push(standby.remove, primary.stop);
    await primary.admin.query(`alter system set synchronous_standby_names = 'next'`);
    await primary.admin.query(`select pg_reload_conf()`);
    let serving = [portOf(primary.url)];
    const address = await startBalancer(() => serving);
    leftovers.unshift(address.close);
    const url = new URL(primary.url);
    url.port = new URL(address.url).port;

    const port = await freePort('127.0.0.1');
    const receiverUrl = `http://127.0.0.1:${String(port)}`;
    const env = { DATABASE_URL: url.href, RECEIVER_PORT: String(port) };
    const world = await openWorld({ ...RUN, env, receiverUrl, secret: SECRET });
    leftovers.unshift(world.close);
    await world.startProcess('receiver,api');
    await world.startProcess('jobs');

    await elapsed(world, POSTED_FROM_S);
    const posting = startPosting(`${receiverUrl}/ncs/world`, SECRET, 1);
    await elapsed(world, KILLED_AT_S);
    const asking = watchForSilence(() => world.agora.log.total());
    leftovers.unshift(posting.stop, asking.stop);
    const before = posting.acknowledged().length;
    await primary.kill();
    serving = []; // whoever finds out that a primary is gone keeps it from coming back as one
    await new Promise((resolve) => setTimeout(resolve, PROMOTED_AFTER_MS));
    const meanwhile = posting.acknowledged().length - before;
    await standby.promote();
    serving = [portOf(standby.url)];
    await elapsed(world, POSTED_TO_S);
    await posting.stop();
    await elapsed(world, OVER_AT_S);
    await asking.stop();

    expect(meanwhile).toBeGreaterThan(0); // the receiver went on without any primary
    const missing = async (): Promise<number> => (await compare(posting.acknowledged(), standby.url)).missing;
    await waitFor(async () => (await missing()) === 0, { deadlineMs: 30_000, what: 'what was acknowledged' });
    console.info(`asked nothing for ${String(Math.round(asking.longestMs()))} ms`);
    expect(asking.longestMs()).toBeLessThan(LONGEST_SILENCE_MS);
    await expectPerfect(world, RUN.sessions);
    const waiting = await inDatabase(standby.url, (client) => client.query(`select from pending_evidence`));
    expect(waiting.rowCount).toBe(0);
  });
});

function portOf(url: string): number {
  return Number(new URL(url).port);
}
