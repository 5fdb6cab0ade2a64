import { ALIVE, GONE } from './stub-agora.js';
import { APP, startTestService, type TestService } from './service.js';
import { waitFor } from './wait-for.js';

export const KEY = 'page-key-0123456789';
export const READ_KEY = 'page-read-key-0123';

/** What a user may call his channel. */
export const MARKUP = '<img src=x onerror="document.title=1"><script>alert(1)</script>';

export type PageWorld = { service: TestService; base: string; vanished: string; alive: string };

/** A service with a session that vanished, after it lost and repeated notifications, and one that lives. */
export async function startPageWorld(): Promise<PageWorld> {
  const service = await startTestService({
    API_KEYS: `desk:write:${KEY},look:read:${READ_KEY}`,
    REORDER_GRACE_MS: '100',
    START_CHECK_AFTER_MS: '100',
    ROUTINE_INTERVAL_MS: '400',
    RETRY_BACKOFF_MS: '300',
    GONE_CONFIRM_MS: '1000',
    GONE_MARGIN_MS: '200',
    START_DEADLINE_MS: '60000',
  });
  const world = {
    service,
    base: `http://127.0.0.1:${String(service.app.apiPort)}`,
    vanished: 'vanished-1',
    alive: 'alive-1',
  };
  await vanish(service, world.vanished);
  service.agora.answerWith((path) => (path.includes(world.vanished) ? GONE : ALIVE));
  await register(service, world.alive, MARKUP);
  await sessionWhen(service, world.alive, ({ state }) => state === 'recording');
  return world;
}

/** Alive by both sources, with number 3 lost and number 2 repeated; then only 404s, and no exit. */
async function vanish(service: TestService, sid: string): Promise<void> {
  service.agora.answerWith(ALIVE);
  await register(service, sid, 'lesson-4711');
  await tell(service, sid, 40, 0, { status: 0 });
  await tell(service, sid, 42, 1, { startUtcMs: String(Date.now()), trackType: 'audio_and_video', mixedAllUser: true });
  await tell(service, sid, 33, 2, { progress: 1_000 });
  await tell(service, sid, 33, 2, { progress: 1_000 });
  await tell(service, sid, 33, 4, { progress: 2_000 });
  await sessionWhen(service, sid, ({ observations }) => observations.lastOutcome === 'answered');
  service.agora.answerWith(GONE);
  await sessionWhen(service, sid, ({ outcome }) => outcome === 'vanished');
}

export async function register(service: TestService, sid: string, cname: string): Promise<void> {
  const body = { appId: APP, resourceId: 'resource', mode: 'mix', cname, uid: '900001' };
  const { status } = await service.api('PUT', `/v1/sessions/${sid}`, body, KEY);
  if (status !== 201) throw new Error(`The registration was answered ${String(status)}.`);
}

export async function tell(
  service: TestService,
  sid: string,
  eventType: number,
  sequence: number,
  details: object,
): Promise<void> {
  const sendts = Date.now();
  const payload = { cname: 'lesson-4711', uid: '900001', sid, sequence, sendts, serviceType: 0, details };
  const noticeId = `${sid}:${String(sequence)}`;
  const { status } = await service.notify({ noticeId, productId: 3, eventType, notifyMs: sendts, payload });
  if (status !== 200) throw new Error(`The notification was answered ${String(status)}.`);
}

export async function sessionWhen(service: TestService, sid: string, fits: (session: any) => boolean): Promise<any> {
  return waitFor(
    async () => {
      const { status, body } = await service.api('GET', `/v1/sessions/${sid}`, undefined, KEY);
      return status === 200 && fits(body) ? body : null;
    },
    { deadlineMs: 30_000, what: `session ${sid}` },
  );
}
