import { verifyWebhook } from '../../src/client/verify-webhook.js';
import { NCS_SECRET, startTestService, APP, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';
import { startWebhookReceiver, type Answering, type WebhookReceiver } from '../support/webhook-receiver.js';

const soon = <T>(condition: () => T | Promise<T>) => waitFor(condition, { deadlineMs: 15_000 });

let service: TestService;
const receivers: WebhookReceiver[] = [];

beforeAll(async () => {
  service = await startTestService({
    WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
    WEBHOOK_RETRY_SCHEDULE_MS: '200,300',
    SECRETS_KEY: 'a-key-for-the-tests-only',
  });
});
afterEach(async () => {
  for (const { id } of (await service.api('GET', '/v1/webhooks')).body.webhooks) {
    await service.api('DELETE', `/v1/webhooks/${id}`);
  }
  await Promise.all(receivers.splice(0).map((receiver) => receiver.close()));
});
afterAll(() => service.close());

async function endpointTo(receiver: WebhookReceiver, more: object = {}): Promise<string> {
  receivers.push(receiver);
  const { status, body } = await service.api('POST', '/v1/webhooks', { url: receiver.url, ...more });
  expect(status).toBe(201);
  receiver.secrets.push(body.secret);
  return body.id;
}

let sessions = 0;
/** Registers another session; further versions come of notifications. */
async function register(more: object = {}): Promise<string> {
  sessions += 1;
  const sid = `sid-${String(sessions)}-${NCS_SECRET}`;
  const registration = { appId: APP, resourceId: `resource-${sid}`, mode: 'mix', cname: 'lesson', uid: '1', ...more };
  expect((await service.api('PUT', `/v1/sessions/${sid}`, registration)).status).toBe(201);
  return sid;
}

let notices = 0;
async function tell(sid: string, eventType: number, sequence: number, details: object): Promise<void> {
  notices += 1;
  const payload = { cname: 'lesson', uid: '1', sid, sequence, sendts: Date.now(), serviceType: 0, details };
  const body = { noticeId: `notice-${String(notices)}`, productId: 3, eventType, notifyMs: Date.now(), payload };
  expect((await service.notify(body)).status).toBe(200);
}

const typesOf = (receiver: WebhookReceiver, sid: string): string[] =>
  receiver
    .distinct()
    .filter(({ body }) => body.data.session?.sid === sid)
    .map(({ body }) => body.type);

async function deliveries(id: string, state: string): Promise<any[]> {
  return (await service.api('GET', `/v1/webhooks/${id}/deliveries?state=${state}`)).body.deliveries;
}

describe('webhooks', () => {
  it('tell each version of a session in order, and what changed', async () => {
    const receiver = await startWebhookReceiver();
    const id = await endpointTo(receiver);
    const sid = await register();
    await tell(sid, 40, 0, { status: 0 });
    await soon(() => typesOf(receiver, sid).includes('session.started'));
    await tell(sid, 11, 1, { exitStatus: 0 });
    await soon(
      () => typesOf(receiver, sid).at(-1) === 'session.changed' && typesOf(receiver, sid).includes('session.ended'),
    );
    const { body: feed } = await service.api('GET', '/v1/changes');
    const versions = feed.changes.filter((change: any) => change.sid === sid);
    const told = receiver.received.filter(({ body }) => body.type === 'session.changed');
    expect(told.map(({ body }) => body.data.session)).toEqual(versions.map((change: any) => change.session));
    expect(told[0]?.body.data.previous).toBeNull();
    expect(told[1]?.body.data.previous).toMatchObject({ state: 'registered', outcome: null });
    expect(told.every(({ body }, n) => body.data.cursor === versions[n].cursor)).toBe(true);
    expect(receiver.complaints).toEqual([]);
    await soon(async () => (await deliveries(id, 'delivered')).length === receiver.received.length);
    const [last] = await deliveries(id, 'delivered');
    expect(last).toMatchObject({ type: 'session.changed', sid, state: 'delivered', tries: 1, lastStatus: 204 });
    expect(last.attempts[0]).toMatchObject({ status: 204, error: null });
  });

  it('are verified by the client of this package, and not with another secret or body', async () => {
    const receiver = await startWebhookReceiver();
    const id = await endpointTo(receiver);
    await service.api('POST', `/v1/webhooks/${id}/test`);
    const [one] = await soon(() => (receiver.received.length > 0 ? receiver.received : null));
    const [secret = ''] = receiver.secrets;
    const event = await verifyWebhook(one?.raw ?? '', one?.headers ?? {}, secret);
    expect(event).toMatchObject({ type: 'webhook.test' });
    expect(event.data).not.toHaveProperty('session');
    const other = `whsec_${Buffer.alloc(32).toString('base64')}`;
    await expect(verifyWebhook(one?.raw ?? '', one?.headers ?? {}, other)).rejects.toThrow('No signature');
    await expect(verifyWebhook(`${one?.raw ?? ''} `, one?.headers ?? {}, secret)).rejects.toThrow('No signature');
    const late = { nowMs: Date.now() + 301_000 };
    await expect(verifyWebhook(one?.raw ?? '', one?.headers ?? {}, secret, late)).rejects.toThrow('too old');
  });

  it('come in the types and of the apps that are wanted, and no others', async () => {
    const [ended, others] = [await startWebhookReceiver(), await startWebhookReceiver()];
    await endpointTo(ended, { types: ['session.ended'] });
    await endpointTo(others, { appIds: ['another-app'] });
    const sid = await register();
    await tell(sid, 11, 1, { exitStatus: 0 });
    await soon(() => typesOf(ended, sid).length > 0);
    expect(typesOf(ended, sid)).toEqual(['session.ended']);
    expect(others.received).toEqual([]);
  });

  it('are tried again by the schedule, then parked, and the session goes on; redriven, they come', async () => {
    let broken = '';
    const refusing: Answering = ({ body }) => (body.data.session?.sid === broken ? 500 : 200);
    const receiver = await startWebhookReceiver(refusing);
    const id = await endpointTo(receiver, { types: ['session.changed'] });
    broken = `sid-${String(sessions + 1)}-${NCS_SECRET}`;
    const sid = await register();
    const healthy = await register();
    await soon(() => typesOf(receiver, healthy).length === 1);
    const [parked] = await soon(async () => {
      const found = await deliveries(id, 'parked');
      return found.length > 0 ? found : null;
    });
    expect(parked).toMatchObject({ sid, state: 'parked', tries: 3, lastStatus: 500, lastError: 'answered 500' });
    const tries = receiver.received.filter(({ id: one }) => one === parked.id);
    expect(tries).toHaveLength(3);
    broken = '';
    await tell(sid, 40, 0, { status: 0 });
    await soon(() => typesOf(receiver, sid).length >= 2);
    const before = receiver.received.length;
    expect((await service.api('POST', `/v1/webhooks/${id}/redrive`)).body).toEqual({ from: null, deliveries: 1 });
    await soon(() => receiver.received.length > before);
    expect(receiver.received[before]?.id).toBe(parked.id);
    await soon(async () => (await deliveries(id, 'parked,waiting')).length === 0);
  });

  it('wait while an endpoint is paused, and come in order once it is resumed', async () => {
    const receiver = await startWebhookReceiver();
    const id = await endpointTo(receiver, { types: ['session.registered', 'session.started'] });
    const first = await register();
    await soon(() => typesOf(receiver, first).length === 1);
    await service.api('POST', `/v1/webhooks/${id}/pause`);
    const sid = await register();
    await tell(sid, 40, 0, { status: 0 });
    await service.api('POST', `/v1/webhooks/${id}/test`);
    await soon(async () => (await service.api('GET', `/v1/sessions/${sid}`)).body.state !== 'registered');
    expect(typesOf(receiver, sid)).toEqual([]);
    await service.api('POST', `/v1/webhooks/${id}/resume`);
    await soon(() => typesOf(receiver, sid).length === 2);
    expect(typesOf(receiver, sid)).toEqual(['session.registered', 'session.started']);
    await soon(() => receiver.received.some(({ body }) => body.type === 'webhook.test'));
  });

  it('that are answered 410 pause the endpoint, and come once it is resumed', async () => {
    let status = 410;
    const receiver = await startWebhookReceiver(() => status);
    const id = await endpointTo(receiver, { types: ['session.registered'] });
    const sid = await register();
    await soon(async () => (await service.api('GET', `/v1/webhooks/${id}`)).body.state === 'paused');
    expect((await service.api('GET', `/v1/webhooks/${id}`)).body.pausedBecause).toBe('gone');
    const [waiting] = await deliveries(id, 'waiting');
    expect(waiting).toMatchObject({ sid, tries: 1, lastStatus: 410, nextTryAt: null });
    status = 200;
    await service.api('POST', `/v1/webhooks/${id}/resume`);
    await soon(async () => (await deliveries(id, 'delivered')).length === 1);
    expect(receiver.distinct()).toHaveLength(1);
  });

  it('are signed with both secrets after a rotation', async () => {
    const receiver = await startWebhookReceiver();
    const id = await endpointTo(receiver);
    const { body } = await service.api('POST', `/v1/webhooks/${id}/rotate-secret`);
    await service.api('POST', `/v1/webhooks/${id}/test`);
    const [one] = await soon(() => (receiver.received.length > 0 ? receiver.received : null));
    expect(one?.headers['webhook-signature']?.split(' ')).toHaveLength(2);
    expect(await verifyWebhook(one?.raw ?? '', one?.headers ?? {}, body.secret)).toMatchObject({
      type: 'webhook.test',
    });
    expect(receiver.complaints).toEqual([]);
  });

  it('go out again from a cursor, each with the webhook-id that it had', async () => {
    const receiver = await startWebhookReceiver();
    const id = await endpointTo(receiver, { types: ['session.changed'] });
    const sids = [await register(), await register()];
    await soon(() => sids.every((sid) => typesOf(receiver, sid).length === 1));
    const [first] = receiver.received;
    const before = receiver.received.map(({ id: one }) => one);
    await service.api('POST', `/v1/webhooks/${id}/redrive`, { from: first?.body.data.cursor });
    await soon(() => receiver.received.length === before.length * 2);
    expect(receiver.received.slice(before.length).map(({ id: one }) => one)).toEqual(before);
  });

  it('follow no redirect, and what a receiver streams for ever is cut off', async () => {
    const redirecting = await startWebhookReceiver((_delivery, response) => {
      response.writeHead(302, { location: endless.url }).end();
      return null;
    });
    const endless = await startWebhookReceiver((_delivery, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('for ever '.repeat(1_000)), 5);
      response.on('close', () => clearInterval(timer));
      return null;
    });
    const to = await endpointTo(redirecting, { types: ['session.registered'] });
    const id = await endpointTo(endless, { types: ['session.registered'] });
    const sid = await register();
    const [delivered] = await soon(async () => {
      const found = await deliveries(id, 'delivered');
      return found.length > 0 ? found : null;
    });
    expect(delivered).toMatchObject({ sid, lastStatus: 200 });
    expect(delivered.attempts[0].answer.length).toBe(16 * 1024);
    await soon(async () => (await deliveries(to, 'parked')).length === 1);
    expect((await deliveries(to, 'parked'))[0].lastError).toContain('redirects are not followed');
    expect(endless.distinct()).toHaveLength(1);
  });

  it('tell the other endpoints when one keeps failing', async () => {
    const [failing, other] = [await startWebhookReceiver(() => 500), await startWebhookReceiver()];
    const id = await endpointTo(failing, { types: ['session.changed'] });
    await endpointTo(other, { types: ['endpoint.failing'] });
    await register();
    const [told] = await soon(() => (other.received.length > 0 ? other.received : null));
    expect(told?.body).toMatchObject({ type: 'endpoint.failing', data: { endpoint: id, lastError: 'answered 500' } });
    const { body } = await service.api('GET', `/v1/webhooks/${id}`);
    expect(body.failingSince).not.toBeNull();
  });
});
