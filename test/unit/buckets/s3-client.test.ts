import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createS3Client, type S3Client } from '../../../src/buckets/s3-client.js';

const EMPTY = '<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>';
const errorOf = (code: string): string => `<Error><Code>${code}</Code></Error>`;

let server: Server;
let client: S3Client;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: { method: string; url: string; date: string }[];

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    const date = String(request.headers['x-amz-date']);
    asked.push({ method: request.method ?? '', url: request.url ?? '', date });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const address = { endpoint, region: 'r', bucket: 'b', accessKeyId: 'i', secretAccessKey: 's', forcePathStyle: true };
  client = createS3Client(address, { timeoutMs: 300, now: () => Date.UTC(2026, 0, 1, 10) });
});
afterEach(async () => {
  await client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function reply(status: number, text: string, headers: Record<string, string> = {}): void {
  answer = (_request, response) => void response.writeHead(status, headers).end(text);
}

describe('a bucket', () => {
  it.each([
    [403, errorOf('AccessDenied'), { kind: 'refused', status: 403, code: 'AccessDenied' }],
    [401, '', { kind: 'refused', status: 401, code: null }],
    [404, errorOf('NoSuchBucket'), { kind: 'refused', status: 404, code: 'NoSuchBucket' }],
    [301, errorOf('PermanentRedirect'), { kind: 'refused', status: 301, code: 'PermanentRedirect' }],
    [503, errorOf('SlowDown'), { kind: 'unavailable', reason: 'throttled' }],
    [500, errorOf('InternalError'), { kind: 'unavailable', reason: 'server' }],
    [200, '<html>Sign in</html>', { kind: 'unavailable', reason: 'unreadable' }],
    [200, EMPTY, { kind: 'page', entries: [], next: null }],
  ])('that answers %i %s is told as that, and asked once', async (status, text, outcome) => {
    reply(status, text);
    expect(await client.list('p/', null)).toEqual(outcome);
    expect(asked).toHaveLength(1);
  });

  it('that answers too slowly, at once or on the way, gives no answer', async () => {
    answer = () => undefined;
    expect(await client.list('', null)).toEqual({ kind: 'unavailable', reason: 'timeout' });
    answer = (_request, response) => void response.writeHead(200).write('<ListBucketResult>');
    expect(await client.list('', null)).toEqual({ kind: 'unavailable', reason: 'timeout' });
  });

  it('that is not there gives no answer', async () => {
    answer = (request) => request.socket.destroy();
    expect(await client.list('', null)).toEqual({ kind: 'unavailable', reason: 'network' });
  });

  it('whose clock differs is asked again by its own, and from then on by that', async () => {
    answer = (request, response) => {
      const isRight = String(request.headers['x-amz-date']).startsWith('20260101T11');
      response.writeHead(isRight ? 200 : 403, { date: 'Thu, 01 Jan 2026 11:00:00 GMT' });
      response.end(isRight ? EMPTY : errorOf('RequestTimeTooSkewed'));
    };
    expect((await client.list('', null)).kind).toBe('page');
    expect((await client.list('', null)).kind).toBe('page');
    expect(asked.map(({ date }) => date.slice(0, 11))).toEqual(['20260101T10', '20260101T11', '20260101T11']);
  });

  it('is only ever read from', async () => {
    reply(200, EMPTY);
    await client.list('a b+c/ü', 'x=/+', 1);
    await client.get('a b/c+d%.m3u8', 100);
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /b/?list-type=2&encoding-type=url&prefix=a%20b%2Bc%2F%C3%BC&max-keys=1&continuation-token=x%3D%2F%2B',
      'GET /b/a%20b/c%2Bd%25.m3u8',
    ]);
  });
});

describe('an object', () => {
  it('is read up to a size, and no further', async () => {
    reply(200, 'x'.repeat(100));
    expect(await client.get('a', 100)).toEqual({ kind: 'text', text: 'x'.repeat(100) });
    expect(await client.get('a', 99)).toEqual({ kind: 'too_large' });
  });

  it('that is not there is absent, and no refusal', async () => {
    reply(404, errorOf('NoSuchKey'));
    expect(await client.get('a', 100)).toEqual({ kind: 'absent' });
    reply(403, errorOf('AccessDenied'));
    expect(await client.get('a', 100)).toEqual({ kind: 'refused', status: 403, code: 'AccessDenied' });
  });
});
