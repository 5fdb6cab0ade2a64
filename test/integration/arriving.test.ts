import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { at } from '../support/builders.js';
import { createHeardLog, type HeardLog } from '../support/heard-log.js';
import { sampleNotification } from '../support/samples.js';
import { NCS_SECRET, signed, startTestService, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

let service: TestService;
let heard: HeardLog;
let folder: string;

/** Two apps of one account, and one of another whose secret has a space too many in the file. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recording-ledger-arriving-'));
  const account = (name: string, ...apps: [string, string][]) => ({
    name,
    customerId: name,
    customerSecret: 's',
    apps: apps.map(([appId, secret]) => ({ appId, ncsSecrets: [secret] })),
  });
  const accounts = [
    account('main', ['first', 'secret-1'], ['second', 'secret-2']),
    account('other', ['spaced', 's3 ']),
  ];
  const file = join(folder, 'accounts.json');
  await writeFile(file, JSON.stringify({ accounts }));
  heard = createHeardLog();
  service = await startTestService(
    { AGORA_CONFIG_FILE: file, AGORA_NCS_SECRET: NCS_SECRET, NOTICE_MAX_BYTES: '2000' },
    heard.log,
  );
});
afterEach(async () => {
  await service.close();
  await rm(folder, { recursive: true });
});

let made = 0;

function body(): Buffer {
  made += 1;
  const payload = { cname: 'c', uid: '1', sid: `sid-${String(made)}`, sequence: 1, sendts: at(1), serviceType: 1 };
  return Buffer.from(JSON.stringify({ noticeId: `n-${String(made)}`, productId: 3, eventType: 40, payload }));
}

const summary = async (): Promise<any> => (await service.api('GET', '/v1/summary')).body;

async function rejectedLines(count: number): Promise<any[]> {
  const lines = (): any[] => heard.lines('notification.rejected');
  await waitFor(() => lines().length >= count, { deadlineMs: 5_000, what: 'the log to say so' });
  return lines();
}

describe('what the receiver refuses is counted and logged with what to mend', () => {
  const bytes = body();

  it.each<[string, string, string, Buffer, Record<string, string>, RegExp]>([
    ['unknown_app', 'an app that is not configured', '/ncs/nobody', bytes, signed(bytes, 'x'), /App ID/],
    ['no_signature', 'no signature', '/ncs/first', bytes, {}, /no Agora-Signature header/],
    [
      'malformed_signature',
      'a signature in capitals',
      '/ncs/first',
      bytes,
      { 'agora-signature-v2': 'A'.repeat(64) },
      /lower-case hex/,
    ],
    ['wrong_signature', 'a secret that nobody has', '/ncs/first', bytes, signed(bytes, 'guess'), /AGORA_NCS_SECRET/],
    [
      'wrong_signature',
      'the secret of another app',
      '/ncs/first',
      bytes,
      signed(bytes, 'secret-2'),
      /fits the secret of another app, second/,
    ],
    ['wrong_signature', 'a secret with a space too many', '/ncs/spaced', bytes, signed(bytes, 's3'), /spaces around/],
    [
      'wrong_signature',
      'a body that was written anew',
      '/ncs/first',
      Buffer.from(JSON.stringify(JSON.parse(bytes.toString()), null, 1)),
      signed(bytes, 'secret-1'),
      /reads the body and writes it anew/,
    ],
    [
      'wrong_signature',
      'a second header that was changed',
      '/ncs/first',
      bytes,
      { ...signed(bytes, 'secret-1'), 'agora-signature-v2': '0'.repeat(64) },
      /Agora-Signature-V2 does not/,
    ],
    ['too_large', 'too much', '/ncs/first', Buffer.alloc(3_000), signed(bytes, 'secret-1'), /NOTICE_MAX_BYTES/],
    [
      'compressed',
      'a compressed body',
      '/ncs/first',
      gzipSync(bytes),
      { ...signed(bytes, 'secret-1'), 'content-encoding': 'gzip' },
      /no proxy may compress/,
    ],
    ['wrong_address', 'another address', '/webhook', bytes, signed(bytes, 'secret-1'), /\/ncs\/<App ID>/],
  ])('%s: %s', async (reason, _what, path, raw, headers, advice) => {
    const answer = await service.receiver(path, raw, headers);
    expect(answer.text).not.toMatch(/fits|secret|second/);
    const [line] = await rejectedLines(1);
    expect(line).toMatchObject({ reason, advice: expect.stringMatching(advice) });
    const counted = await waitFor(
      async () => {
        const { notices, receiver } = await summary();
        return notices.rejected === 1 && receiver.rejections.length === 1 && { notices, receiver };
      },
      { deadlineMs: 5_000, what: 'it to be counted' },
    );
    expect(counted.notices.rejectedByReason[reason]).toBe(1);
    const appId = ['/ncs/first', '/ncs/spaced'].includes(path) ? path.slice(5) : null;
    expect(counted.receiver.rejections).toEqual([{ appId, reason, lastAt: expect.any(String), advice: line.advice }]);
    const metrics = await service.api('GET', '/metrics');
    expect(metrics.body).toContain(`recording_ledger_notifications_rejected_total{reason="${reason}"} 1`);
  });

  it('and the log holds one line a minute of it, however much comes', async () => {
    for (let n = 0; n < 300; n += 1) await service.receiver('/ncs/first', bytes, {});
    for (let n = 0; n < 300; n += 1) await service.receiver(`/ncs/nobody-${String(n)}`, bytes, signed(bytes, 'x'));
    await waitFor(async () => (await summary()).notices.rejected === 600, { deadlineMs: 5_000 });
    expect((await rejectedLines(2)).map(({ reason }) => reason)).toEqual(['no_signature', 'unknown_app']);
  });

  it('and a secret that was exchanged is found also among a flood of guesses', async () => {
    const flood = Array.from({ length: 500 }, () => service.receiver('/ncs/first', bytes, signed(bytes, 'guess')));
    await service.receiver('/ncs/first', bytes, signed(bytes, 'secret-2'));
    await Promise.all(flood);
    const found = (): boolean => heard.lines('notification.rejected').some(({ fits }) => /second/.test(fits));
    await waitFor(found, { deadlineMs: 5_000, what: 'the exchanged secret' });
    expect(heard.lines('notification.rejected')).toHaveLength(2);
  });
});

describe('what arrives is shown, app by app', () => {
  it("the console's test once it comes, with the signature that it had, once in the log", async () => {
    const raw = Buffer.from(JSON.stringify(sampleNotification('edge-health-test')));
    const other = Buffer.from(JSON.stringify({ ...sampleNotification('edge-health-test'), noticeId: 'another' }));
    for (const bytes of [raw, other])
      expect((await service.receiver('/ncs/first', bytes, signed(bytes, 'secret-1'))).status).toBe(200);
    expect(heard.lines('notification.test_received')).toMatchObject([{ app: 'first', signature: 'v2', repeated: 0 }]);
    const apps = await waitFor(
      async () => {
        const { accounts, receiver } = await summary();
        return receiver.lastTestAt !== null && accounts.find(({ name }: any) => name === 'main').apps;
      },
      { deadlineMs: 5_000, what: 'the test in the summary' },
    );
    expect(apps).toMatchObject([
      { appId: 'first', state: 'ok', lastTestAt: expect.any(String), lastNoticeAt: null, lastRejectedAt: null },
      { appId: 'second', lastTestAt: null, lastNoticeAt: null },
    ]);
  });

  it('the last notification', async () => {
    const raw = body();
    await service.receiver('/ncs/second', raw, signed(raw, 'secret-2'));
    const { receiver, accounts } = await waitFor(
      async () => {
        const told = await summary();
        return told.receiver.lastNoticeAt !== null && told;
      },
      { deadlineMs: 5_000, what: 'the notification in the summary' },
    );
    expect(Math.abs(Date.parse(receiver.lastNoticeAt) - Date.now())).toBeLessThan(10_000);
    expect(receiver.lastTestAt).toBeNull();
    expect(accounts.find(({ name }: any) => name === 'main').apps[1]).toMatchObject({
      appId: 'second',
      lastNoticeAt: receiver.lastNoticeAt,
    });
  });
});
