import { APP, NCS_SECRET, startTestService, type TestService } from './service.js';
import { waitFor } from './wait-for.js';
import { startWebhookReceiver, type Answering, type WebhookReceiver } from './webhook-receiver.js';

export const soon = <T>(condition: () => T | Promise<T>, what?: string) =>
  waitFor(condition, { deadlineMs: 20_000, ...(what === undefined ? {} : { what }) });

/** A service that sends webhooks to receivers of this process, about sessions that are made one by one. */
export type WebhookWorld = {
  service: TestService;
  receiver: (answer?: Answering) => Promise<WebhookReceiver>;
  /** Returns its id. */
  endpointTo: (receiver: WebhookReceiver, more?: object) => Promise<string>;
  register: () => Promise<string>;
  /** Says that it ended, by a notification. */
  end: (sid: string) => Promise<void>;
  deliveries: (id: string, states: string) => Promise<any[]>;
  close: () => Promise<void>;
};

export async function openWebhookWorld(env: Readonly<Record<string, string>> = {}): Promise<WebhookWorld> {
  const service = await startTestService({
    WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
    WEBHOOK_RETRY_SCHEDULE_MS: '200,300',
    SECRETS_KEY: 'a-key-for-the-tests-only',
    ...env,
  });
  const receivers: WebhookReceiver[] = [];
  let [sessions, notices] = [0, 0];
  return {
    service,
    receiver: async (answer) => {
      const receiver = await startWebhookReceiver(answer);
      receivers.push(receiver);
      return receiver;
    },
    endpointTo: async (receiver, more = {}) => {
      const { status, body } = await service.api('POST', '/v1/webhooks', { url: receiver.url, ...more });
      expect(status).toBe(201);
      receiver.secrets.push(body.secret);
      return body.id;
    },
    register: async () => {
      sessions += 1;
      const sid = `sid-${String(sessions)}-${NCS_SECRET}`;
      const registration = { appId: APP, resourceId: `resource-${sid}`, mode: 'mix', cname: 'lesson', uid: '1' };
      expect((await service.api('PUT', `/v1/sessions/${sid}`, registration)).status).toBe(201);
      return sid;
    },
    end: async (sid) => {
      notices += 1;
      const details = { exitStatus: 0 };
      const payload = { cname: 'lesson', uid: '1', sid, sequence: 1, sendts: Date.now(), serviceType: 0, details };
      const noticeId = `notice-${String(notices)}`;
      const body = { noticeId, productId: 3, eventType: 11, notifyMs: Date.now(), payload };
      expect((await service.notify(body)).status).toBe(200);
    },
    deliveries: async (id, states) =>
      (await service.api('GET', `/v1/webhooks/${id}/deliveries?state=${states}`)).body.deliveries,
    close: async () => {
      await Promise.all(receivers.map((receiver) => receiver.close()));
      await service.close();
    },
  };
}
