import { createServer, connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';

export type Balancer = { url: string; close: () => Promise<void> };

/** Gives each connection to the next of these ports that accepts it, as a load balancer does. */
export async function startBalancer(ports: () => readonly number[]): Promise<Balancer> {
  const open = new Set<Socket>();
  let turn = 0;
  const forward = (client: Socket, triesLeft: number): void => {
    const all = ports();
    const port = all[turn++ % all.length];
    if (port === undefined || triesLeft === 0) {
      client.destroy();
      return;
    }
    const backend = connect(port, '127.0.0.1');
    backend.once('connect', () => {
      open.add(backend);
      client.pipe(backend).pipe(client);
      backend.on('error', () => client.destroy());
      backend.on('close', () => client.destroy());
      client.on('close', () => backend.destroy());
    });
    backend.once('error', () => {
      if (!open.has(backend)) forward(client, triesLeft - 1);
    });
  };
  const server = createServer((client) => {
    open.add(client);
    client.on('error', () => undefined);
    client.on('close', () => open.delete(client));
    forward(client, ports().length);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
