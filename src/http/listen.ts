import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Listener = {
  /** The port, also where 0 was asked for. */
  port: number;
  /** Makes this application answer from the next request on; open connections stay. */
  handTo: (app: RequestListener) => void;
  /** Stops accepting, lets what is in flight finish, and closes. */
  close: () => Promise<void>;
};

export class PortTakenError extends Error {}

/**
 * Longer than any load balancer's idle time; Node's own 5 s cut connections that Agora keeps.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#delivery
 */
const KEEP_ALIVE_MS = 75_000;
/** A request that takes longer to arrive is a slow or broken client. */
const REQUEST_MS = 10_000;
/** How long in-flight requests may take at shutdown. */
const DRAIN_MS = 5_000;

/**
 * Listens, or throws one line that says which setting to change. If this process already has a listener
 * there, that listener serves this application from now on.
 */
export async function listen(
  app: RequestListener,
  host: string,
  port: number,
  setting: string,
  existing: Listener | null = null,
): Promise<Listener> {
  if (existing !== null) {
    existing.handTo(app);
    return existing;
  }
  const server = createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: REQUEST_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: 2_000,
    },
    app,
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(readable(error, host, port, setting));
    });
    server.listen(port, host, 1024, resolve);
  });
  const handTo = (next: RequestListener): void => {
    server.removeAllListeners('request').on('request', next);
  };
  return { port: (server.address() as AddressInfo).port, handTo, close: () => closeServer(server) };
}

function readable(error: NodeJS.ErrnoException, host: string, port: number, setting: string): Error {
  const where = `${host}:${String(port)}`;
  if (error.code === 'EADDRINUSE')
    return new PortTakenError(`${where} is taken; set ${setting} to a free port`, { cause: error });
  if (error.code === 'EACCES')
    return new Error(`${where} may not be withErrorListener on; set ${setting} to a port above 1023`, { cause: error });
  return error;
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A busy client would keep using its connection, so the next answer on it closes it.
  server.prependListener('request', (_request, response) => {
    response.shouldKeepAlive = false;
  });
  server.closeIdleConnections();
  const deadline = setTimeout(() => {
    server.closeAllConnections();
  }, DRAIN_MS);
  await closed;
  clearTimeout(deadline);
}
