import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** A free TCP port. Another process may take it before the caller does. */
export async function freePort(host: string): Promise<number> {
  const server = createServer();
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
