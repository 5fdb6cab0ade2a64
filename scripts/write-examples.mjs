// `npm run examples`: runs the service on a database of its own with a stand-in for Agora, lets a recording happen,
// and keeps what each endpoint answered for the document of the API.
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { format, resolveConfig } from 'prettier';
import { startApp } from '../dist/app.js';
import { parseConfig } from '../dist/config/parse-config.js';
import { createLogger } from '../dist/observability/create-logger.js';

const APP = '0123456789abcdef0123456789abcdef';
const SID = '3f2b9c1d7e6a4f508b9c0d1e2f3a4b5c';
const SECRET = 'ncs-secret';
const OUTPUT = new URL('../src/http/api/openapi/examples.json', import.meta.url);

const FILE = { fileName: `${SID}_lesson-1.m3u8`, trackType: 'audio_and_video', uid: '0', mixedAllUser: true };
const PLAYABLE = { ...FILE, isPlayable: true, sliceStartTime: Date.now() - 240_000 };

/** In Agora's place: every recording runs. */
const agora = createServer((request, response) => {
  const serverResponse = {
    status: 5,
    fileListMode: 'json',
    fileList: [PLAYABLE],
    sliceStartTime: Date.now() - 240_000,
  };
  if (request.url.startsWith('/recordings/')) return void response.end(inBucket(request.url));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ cname: 'lesson-1', uid: '900001', sid: SID, serverResponse }));
}).listen(0, '127.0.0.1');
await once(agora, 'listening');

const folder = await mkdtemp(join(tmpdir(), 'examples-'));
const bucketsFile = join(folder, 'buckets.json');
const endpoint = `http://127.0.0.1:${agora.address().port}`;
const keys = { region: 'r', accessKeyId: 'id', secretAccessKey: 'secret' };
await writeFile(bucketsFile, JSON.stringify({ buckets: [{ name: 'main', bucket: 'recordings', endpoint, ...keys }] }));
const parsed = parseConfig({
  BUCKETS_FILE: bucketsFile,
  DATA_DIR: folder,
  RECEIVER_HOST: '127.0.0.1',
  RECEIVER_PORT: '0',
  API_PORT: '0',
  OPS_PORT: '0',
  AGORA_APP_ID: APP,
  AGORA_CUSTOMER_ID: 'customer',
  AGORA_CUSTOMER_SECRET: 'secret',
  AGORA_NCS_SECRET: SECRET,
  AGORA_BASE_URLS: `http://127.0.0.1:${agora.address().port}`,
  REORDER_GRACE_MS: '100',
  WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
  SECRETS_KEY: 'a key for the examples',
});
if (!parsed.ok) throw new Error(parsed.problems.join('\n'));
const app = await startApp(parsed.config, createLogger('silent'));

/** A bucket with the playlist of the session and its two segments. */
function inBucket(url) {
  const playlist = `${SID}_lesson-1.m3u8`;
  const segments = ['20260101100000000', '20260101100015000'].map((utc) => `${SID}_lesson-1_${utc}.ts`);
  if (!url.includes('list-type=2')) {
    const lines = segments.map((name) => `#EXTINF:15.000000\n${name}`).join('\n');
    return `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:15\n${lines}\n#EXT-X-ENDLIST\n`;
  }
  const names = url.includes('prefix=bak') ? [] : [playlist, ...segments];
  const told = '<LastModified>2026-01-01T10:00:31.000Z</LastModified><Size>412</Size>';
  const contents = names.map((name) => `<Contents><Key>${name}</Key>${told}</Contents>`).join('');
  return `<ListBucketResult><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`;
}

const examples = {};

/** Asks, and keeps what was answered as an example of an endpoint. */
async function show(id, method, path, request) {
  const body = request === undefined ? {} : { body: JSON.stringify(request) };
  const headers = {
    accept: 'application/json',
    ...(request === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const response = await fetch(`http://127.0.0.1:${app.apiPort}${path}`, { method, headers, ...body });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  examples[id] ??= {};
  if (request !== undefined && response.ok) examples[id].request ??= request;
  if (isJson) examples[id].answers = { ...examples[id].answers, [response.status]: JSON.parse(text) };
  return isJson ? JSON.parse(text) : text;
}

/** Keeps how a stream began: its first line and its first event. */
async function showStream(id, path) {
  const response = await fetch(`http://127.0.0.1:${app.apiPort}${path}`);
  let text = '';
  for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (/^data: .*\n\n/m.test(text)) break;
  }
  const shown = text.split('\n\n').slice(0, 2).join('\n\n');
  examples[id] = { answers: { ...examples[id]?.answers, [response.status]: `${shown}\n\n` } };
}

async function until(condition) {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await condition()) return;
    await wait(50);
  }
  throw new Error('it did not come to that within 10 s');
}

/** Posts what Agora signed. */
async function post(body) {
  const signature = createHmac('sha256', SECRET).update(body).digest('hex');
  await fetch(`http://127.0.0.1:${app.receiverPort}/ncs/${APP}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'agora-signature-v2': signature },
    body,
  });
}

async function notify(eventType, sequence, secondsAgo, details) {
  const sendts = Date.now() - secondsAgo * 1000;
  const payload = { cname: 'lesson-1', uid: '900001', sid: SID, sequence, sendts, serviceType: 0, details };
  const noticeId = `${SID}:${sequence}`;
  const body = JSON.stringify({ noticeId, productId: 3, eventType, notifyMs: sendts, payload });
  await post(body);
}

const session = () => show('readSession', 'GET', `/v1/sessions/${SID}`);
const registration = {
  appId: APP,
  resourceId: 'JyvK8nXHuV1BE64GDkAaBGEscvtHW7v8BrQoRPCHxmeVxwY22',
  mode: 'mix',
  cname: 'lesson-1',
  uid: '900001',
  startedAt: new Date(Date.now() - 241_000).toISOString(),
};

try {
  await show('registerSession', 'PUT', `/v1/sessions/${SID}`, registration);
  await show('registerSession', 'PUT', `/v1/sessions/${SID}`, registration);
  await show('registerSession', 'PUT', `/v1/sessions/${SID}`, { ...registration, cname: 'lesson-2' });
  await show('registerSession', 'PUT', `/v1/sessions/${SID}`, { ...registration, mode: 'both' });
  await notify(40, 1, 240, { status: 0 });
  await notify(43, 2, 239, { streamUid: '4711', state: 0, UtcMs: Date.now() - 239_000 });
  await notify(42, 3, 238, {
    startUtcMs: Date.now() - 238_000,
    mixedAllUser: true,
    streamUid: '0',
    trackType: 'video',
  });
  await post('not JSON');
  await notify(33, 6, 60, { progress: 4200 });
  await show('reconcileSession', 'POST', `/v1/sessions/${SID}/reconcile`);
  await until(async () => (await session()).observations.count > 0);
  await notify(31, 7, 1, { status: 0, uploadingStatus: 'uploaded', fileList: [PLAYABLE] });
  await until(async () => (await session()).upload.state === 'uploaded');
  await show('addStopResponse', 'POST', `/v1/sessions/${SID}/stop-response`, {
    resourceId: registration.resourceId,
    sid: SID,
    serverResponse: { fileListMode: 'json', fileList: [FILE], uploadingStatus: 'uploaded' },
  });
  await show('leaseBudget', 'POST', '/v1/budget/lease', { appId: APP, count: 1, forMs: 2000 });
  await session();
  await show('readSession', 'GET', '/v1/sessions/unknown');
  await show('listSessions', 'GET', '/v1/sessions?limit=1');
  await show('listSessions', 'GET', '/v1/sessions?stat=ended');
  await show('readTimeline', 'GET', `/v1/sessions/${SID}/timeline?limit=3`);
  await show('explainSession', 'GET', `/v1/sessions/${SID}/explain`);
  await show('checkFiles', 'POST', `/v1/sessions/${SID}/files/check`);
  await show('checkFiles', 'POST', '/v1/sessions/unknown/files/check');
  await until(async () => (await session()).bucket !== undefined);
  await show('listFiles', 'GET', `/v1/sessions/${SID}/files`);
  await show('listObservations', 'GET', `/v1/sessions/${SID}/observations`);
  await show('listGaps', 'GET', `/v1/sessions/${SID}/gaps`);
  await show('readStreams', 'GET', `/v1/sessions/${SID}/streams`);
  await show('listVersions', 'GET', `/v1/sessions/${SID}/versions?limit=2`);
  await show('listNotices', 'GET', `/v1/sessions/${SID}/notices?limit=1`);
  await show('readNotice', 'GET', `/v1/notices/${encodeURIComponent(`${SID}:1`)}`);
  await show('listQuarantine', 'GET', '/v1/quarantine');
  await show('replayQuarantine', 'POST', '/v1/quarantine/replay');
  await show('readRules', 'GET', '/v1/rules');
  await show('readChanges', 'GET', '/v1/changes?limit=1');
  const wanted = { url: `http://127.0.0.1:${agora.address().port}/hooks`, types: ['session.ended'] };
  const { id } = await show('createWebhook', 'POST', '/v1/webhooks', wanted);
  await show('createWebhook', 'POST', '/v1/webhooks', { url: 'https://10.0.0.1/hooks' });
  await show('listWebhooks', 'GET', '/v1/webhooks');
  await show('readWebhook', 'GET', `/v1/webhooks/${id}`);
  await show('changeWebhook', 'PATCH', `/v1/webhooks/${id}`, { description: 'billing' });
  await show('rotateWebhookSecret', 'POST', `/v1/webhooks/${id}/rotate-secret`);
  await show('testWebhook', 'POST', `/v1/webhooks/${id}/test`);
  const log = () => show('listDeliveries', 'GET', `/v1/webhooks/${id}/deliveries?state=delivered`);
  await until(async () => (await log()).deliveries.length > 0);
  await show('pauseWebhook', 'POST', `/v1/webhooks/${id}/pause`);
  await show('resumeWebhook', 'POST', `/v1/webhooks/${id}/resume`);
  await show('redriveWebhook', 'POST', `/v1/webhooks/${id}/redrive`, {});
  await show('deleteWebhook', 'DELETE', `/v1/webhooks/${id}`);
  await show('readDeliveryQuality', 'GET', '/v1/delivery-quality');
  await show('readQueryUsage', 'GET', '/v1/query-usage');
  await showStream('streamChanges', '/v1/changes/stream?after=0');
  await show('streamChanges', 'GET', '/v1/changes/stream?after=999999');
  await show('readSummary', 'GET', '/v1/summary');
  await show('isAlive', 'GET', '/healthz');
  await show('isReady', 'GET', '/readyz');
  await show('findPlaces', 'GET', '/');
  const { openapi, info } = await show('readDocument', 'GET', '/openapi.json');
  examples.readDocument = { answers: { 200: { openapi, info } } };
  const options = await resolveConfig(OUTPUT);
  await writeFile(OUTPUT, await format(JSON.stringify(examples), { ...options, parser: 'json' }));
} finally {
  await app.stop();
  agora.close();
  await rm(folder, { recursive: true, force: true });
}
