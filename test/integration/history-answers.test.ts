import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { outcomeOfResponse } from '../../src/agora/outcome-of-response.js';
import { storeNotices, type NoticeRow } from '../../src/db/evidence/store-notices.js';
import { plusMs, unixMs } from '../../src/evidence/instant.js';
import { createApi } from '../../src/http/api/create-api.js';
import { foldAll } from '../../src/ledger/fold-all.js';
import { addStopAnswer } from '../../src/ledger/ledger-writes.js';
import { recordAnswer } from '../../src/ledger/record-answer.js';
import { register } from '../../src/ledger/register.js';
import { createLogger } from '../../src/observability/create-logger.js';
import { createMetrics } from '../../src/observability/metrics.js';
import { aRegistration, at, SID } from '../support/builders.js';
import { fetchDocumented } from '../support/fetch-documented.js';
import { createTestLedger, type TestLedger } from '../support/fold-context.js';
import { aRow } from '../support/raw-notifications.js';

/** What each address answers, to the byte but for the white space, which here is for people. */
const EXPECTED = JSON.parse(
  readFileSync(new URL('../fixtures/history-answers.json', import.meta.url), 'utf8'),
) as Record<string, unknown>;

const VANISHED = 'd'.repeat(32);

let ledger: TestLedger;
let server: Server;

beforeAll(async () => {
  ledger = await createTestLedger();
  await tellTheRichSession();
  await tellTheVanishedSession();
  server = createApi(apiContext(), []).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.close();
  await ledger.close();
});

/** Of the API's context as much as reading a history needs. */
function apiContext(): Parameters<typeof createApi>[0] {
  const unused = (): never => {
    throw new Error('this is not used here');
  };
  const { db, rules } = ledger.context;
  return {
    db,
    readOlder: (read) => read(db),
    rules,
    configuredApps: [],
    limits: new Map(),
    writes: {
      register: unused,
      addStopAnswer: unused,
      leaseBudget: unused,
      requestQuery: unused,
      requestLook: unused,
      replayQuarantine: unused,
    },
    webhooks: {
      create: unused,
      change: unused,
      remove: unused,
      rotateSecret: unused,
      setState: unused,
      sendTest: unused,
      redrive: unused,
    },
    identityScopes: [],
    readSummary: unused,
    readReadiness: unused,
    stopping: new AbortController().signal,
    now: () => at(3_000),
    log: createLogger('silent'),
    metrics: createMetrics(),
  };
}

async function textAt(path: string): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const response = await fetchDocumented(`http://127.0.0.1:${String(port)}/v1/sessions/${path}`);
  expect(response.status).toBe(200);
  return response.text();
}

const contextAt = (seconds: number) => ({ ...ledger.context, now: () => at(seconds) });

async function ask(
  sid: string,
  seconds: number,
  httpStatus: number | null,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<void> {
  const answeredMs = plusMs(at(seconds), 100);
  const text = JSON.stringify(body);
  const outcome =
    httpStatus === null
      ? ({ kind: 'unavailable', reason: 'timeout' } as const)
      : outcomeOfResponse({ status: httpStatus, headers, body: text, nowMs: answeredMs });
  const answer = { sid, askedMs: at(seconds), answeredMs, clockEra: 0, outcome, httpStatus, body: text };
  await recordAnswer(contextAt(seconds + 1), 'account', answer, aRegistration());
}

const GONE = { code: 404, reason: 'failed to find worker' };

const FILE = {
  fileName: 'a.m3u8',
  trackType: 'audio_and_video',
  uid: '7',
  mixedAllUser: true,
  isPlayable: true,
  sliceStartTime: at(2),
  videoId: 'v',
};

/** Something of every event that any page describes, and of one that none does. */
function everyEvent(): NoticeRow[] {
  const mp4 = { ...FILE, fileName: 'a_0.mp4', sliceStartTime: at(3) / 1_000 };
  const told: [number, Record<string, unknown>][] = [
    [40, { status: 0 }],
    [30, { status: 0 }],
    [1, { module: 1, errorLevel: 2, errorCode: 3, stat: 4, errorMsg: 'a message' }],
    [2, { module: 1, warnCode: 2 }],
    [3, { status: 5, fileList: [FILE] }],
    [4, { fileList: [FILE, { fileName: 'b.ts' }] }],
    [12, { newUid: '2' }],
    [13, {}],
    [33, { progress: 5_000 }],
    [34, {}],
    [42, { startUtcMs: at(20), discontinueUtcMs: at(15), mixedAllUser: true, streamUid: '7', trackType: 'audio' }],
    [42, {}],
    [43, { streamUid: '7', state: 0, UtcMs: at(21) }],
    [43, { streamUid: '7', state: 1, UtcMs: at(31) }],
    [44, { streamUid: '8', state: 0 }],
    [45, { fileName: 'c.jpg' }],
    [46, {}],
    [47, {}],
    [60, { aliVodInfo: { videoId: 'v' } }],
    [61, {}],
    [70, { recorderStartTime: at(4), pageLoadSuccessTime: at(5) }],
    [71, { code: 0, message: 'Exit ', details: 'as told', fileList: [mp4] }],
    [72, { limitType: 'fps' }],
    [73, { reason: 'changed' }],
    [80, {}],
    [81, { result: 'success', uids: [{ uid: '9', fileList: [{ ...mp4, uid: undefined }] }] }],
    [90, { vendor: 'v', region: 'r', bucket: 'b', fileName: 'lost.ts' }],
    [100, { rtmpUrl: 'rtmp://there', status: 'disconnected' }],
    [1001, { result: 'success', fileList: [mp4] }],
    [777, { startUtcMs: at(1), aheadMs: 1, nested: { someMs: 1, list: [null, { atMs: 2 }] } }],
    [32, { status: 0, uploadingStatus: 'backuped', fileList: [FILE] }],
    [31, { status: 0, uploadingStatus: 'uploaded', fileList: [FILE, mp4] }],
    [41, { leaveCode: 16 }],
    [11, { exitStatus: 0 }],
  ];
  return told.map(([eventType, details], index) => aRow(index + 10, eventType, details));
}

async function tellTheRichSession(): Promise<void> {
  const { db } = ledger;
  await register(contextAt(1), aRegistration({ startedMs: null, resourceExpiredHour: 24 }));
  await register(contextAt(2), aRegistration({ receivedMs: at(2), resourceExpiredHour: 24 }));
  await register(contextAt(3), aRegistration({ receivedMs: at(3), cname: 'other', replaces: true }));
  const rows = everyEvent();
  await storeNotices(db.pool, rows, 1);
  await storeNotices(
    db.pool,
    rows.slice(0, 2).map((row) => ({ ...row, receivedMs: plusMs(row.receivedMs, 900) })),
    1,
  );
  await foldAll(contextAt(100));
  await ask(SID, 110, 200, answerWithServices());
  await ask(SID, 115, 400, { code: 2, reason: 'bad' });
  await ask(SID, 120, 429, {}, { 'retry-after': '7' });
  await ask(SID, 125, 206, { code: 65, reason: 'request not completed' });
  await ask(SID, 130, 504, { code: 62, reason: 'request timeout' });
  await ask(SID, 135, null, null);
  await ask(SID, 140, 401, {});
  await ask(SID, 145, 404, { message: 'no Route matched with those values' });
  await ask(SID, 150, 200, { serverResponse: { status: 8 } });
  await ask(SID, 155, 200, { serverResponse: { status: 8 } });
  await addStopAnswer(contextAt(160), SID, JSON.stringify({ code: 49, reason: 'repeat stop' }));
  const stopped = { serverResponse: { uploadingStatus: 'uploaded', fileList: [FILE] } };
  await addStopAnswer(contextAt(161), SID, JSON.stringify(stopped));
}

function answerWithServices(): unknown {
  const payload = {
    state: 'inProgress',
    onhold: false,
    fileList: [FILE],
    outputs: [{ rtmpUrl: 'rtmp://there', status: 'connected' }],
  };
  const state = {
    status: 5,
    sliceStartTime: at(2),
    fileListMode: 'json',
    fileList: [FILE],
    subServiceStatus: { recordingService: 'serviceInProgress' },
  };
  const services = [{ serviceName: 'web_recorder_service', payload }];
  return { cname: 'lesson', uid: '900001', serverResponse: { ...state, extensionServiceState: services } };
}

/** Taken for gone, then heard of again, then gone for good; some of its numbers never came. */
async function tellTheVanishedSession(): Promise<void> {
  const sid = VANISHED;
  const told = (seconds: number, sequence: number) => aRow(seconds, 33, { progress: 100 }, { sid, sequence });
  await register(contextAt(1), aRegistration({ sid }));
  await storeNotices(ledger.db.pool, [told(60, 1), told(61, 5)], 1);
  await foldAll(contextAt(62));
  for (const second of [100, 130, 160, 200]) await ask(sid, second, 404, GONE);
  await storeNotices(ledger.db.pool, [told(300, 6), { ...told(61.5, 2), receivedMs: unixMs(at(301)) }], 1);
  await foldAll(contextAt(302));
  for (const second of [400, 430, 460, 500]) await ask(sid, second, 404, GONE);
}

describe('what the API answers about a history', () => {
  it.each(
    [SID, VANISHED].flatMap((sid) =>
      ['', '/timeline', '/observations', '/files', '/gaps', '/streams', '/explain'].map((part) => `${sid}${part}`),
    ),
  )('is to the byte what its readers have known: %s', async (path) => {
    const isList = /\/(?:timeline|observations|files|gaps)$/.test(path);
    const text = await textAt(`${path}${isList ? '?limit=500' : ''}`);
    expect(text).toBe(JSON.stringify(EXPECTED[path]));
  });
});
