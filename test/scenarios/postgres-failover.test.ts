import { jest } from '@jest/globals';
import { compare, inDatabase } from '../support/acknowledged.js';
import { startBalancer } from '../support/balancer.js';
import { clearAfterEach } from '../support/leftovers.js';
import { startPosting } from '../support/posting.js';
import { elapsed, expectPerfect } from '../support/run.js';
import { describeWithStandby, startPrimary, startStandby } from '../support/standby.js';
import { waitFor } from '../support/wait-for.js';
import { openWorld } from '../support/world.js';

jest.setTimeout(180_000);

const leftovers = clearAfterEach();

const SECRET = 'failover-ncs';

describeWithStandby('a primary that dies under load, and a synchronous standby that takes its place', () => {
  it('loses nothing that was acknowledged, and asking goes on within 30 s', async () => {
    const primary = await startPrimary();
    const standby = await startStandby(primary.url, 'second');
    leftovers.push(standby.remove);
    await primary.admin.query(`alter system set synchronous_standby_names = 'second'`);
    await primary.admin.query('select pg_reload_conf()');
    const ports = [Number(new URL(primary.url).port)];
    const balancer = await startBalancer(() => ports);
    const moved = new URL(primary.url);
    moved.host = new URL(balancer.url).host;
    const run = { sessions: 20, seconds: 80, settlingSeconds: 30, profile: { meanLifeMs: 1_200_000 } };
    const world = await openWorld({ ...run, seed: 81, secret: SECRET, env: { DATABASE_URL: moved.href } });
    leftovers.unshift(world.close, balancer.close);
    const services = [await world.startProcess('receiver,api'), await world.startProcess('jobs')];
    const receiverPort = /"receiverPort":(\d+)/.exec(services[0]?.output() ?? '')?.[1] ?? '';
    const posting = startPosting(`http://127.0.0.1:${receiverPort}/ncs/world`, SECRET, 4);
    leftovers.unshift(posting.stop);
    await elapsed(world, 8);

    await primary.stop();
    await standby.promote();
    ports.splice(0, 1, Number(new URL(standby.url).port));
    const before = world.agora.log.total();
    await waitFor(() => world.agora.log.total() > before, { deadlineMs: 30_000, what: 'a query after the failover' });
    await elapsed(world, 30);
    await posting.stop();

    const drained = async (): Promise<boolean> =>
      inDatabase(standby.url, async (client) => {
        const { missing } = await compare(posting.acknowledged(), standby.url);
        const { rowCount } = await client.query('select from pending_evidence');
        return missing === 0 && rowCount === 0;
      });
    await waitFor(drained, { deadlineMs: 60_000, what: 'all that was acknowledged to be folded' });
    expect(posting.acknowledged().length).toBeGreaterThan(100);
    await expectPerfect(world, run.sessions);
  });
});
