import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createAllowedHosts } from '../../src/webhooks/allowed-hosts.js';
import { createPoster, type Posted } from '../../src/webhooks/post-delivery.js';

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => once(server.close(), 'close')));
});

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

async function post(url: string, { ca = null as string | null, withinMs = 5_000 } = {}): Promise<Posted> {
  const { signal } = new AbortController();
  const poster = createPoster({ allowed: createAllowedHosts(['127.0.0.1']), ca, withinMs, aborted: signal });
  try {
    return await poster.post(url, { 'content-type': 'application/json' }, '{}');
  } finally {
    await poster.close();
  }
}

/** A server that says nothing but this, a little of it at a time. */
async function dripping(first: string, drop: string): Promise<string> {
  const server = createServer((socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(drop), 20);
    socket.on('close', () => clearInterval(timer));
  });
  return `http://127.0.0.1:${String(await portOf(server))}/hook`;
}

describe('one try', () => {
  it('is over in time though the headers of the answer drip for ever', async () => {
    const posted = await post(await dripping('HTTP/1.1 200 OK\r\nx-drip: ', 'a'), { withinMs: 400 });
    expect(posted).toMatchObject({ status: null, error: 'no answer within 0.4 s' });
    expect(posted.tookMs).toBeLessThan(3_000);
  });

  it('is over soon where the headers have no end', async () => {
    const posted = await post(await dripping('HTTP/1.1 200 OK\r\n', `x-more: ${'a'.repeat(2_000)}\r\n`));
    expect(posted.status).toBeNull();
    expect(posted.error).toMatch(/[Hh]eaders/);
  });

  it('is delivered by its status though the body drips for ever', async () => {
    const posted = await post(await dripping('HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n', 'a'));
    expect(posted).toMatchObject({ status: 200, error: null });
    expect(posted.answer).toMatch(/^a+$/);
    expect(posted.tookMs).toBeLessThan(4_500);
  });

  it('trusts a private authority that is configured, and no other', async () => {
    const pem = fixture('signed-by-private-ca.pem');
    const server = createSecureServer({ cert: pem, key: pem }, (_request, response) => response.writeHead(204).end());
    const url = `https://127.0.0.1:${String(await portOf(server))}/hook`;
    expect(await post(url, { ca: fixture('private-ca.pem') })).toMatchObject({ status: 204, error: null });
    const untrusted = await post(url);
    expect(untrusted.status).toBeNull();
    expect(untrusted.error).toMatch(/certificate/);
    const other = await post(url, { ca: fixture('loopback.pem') });
    expect(other.error).toMatch(/certificate/);
  });
});
