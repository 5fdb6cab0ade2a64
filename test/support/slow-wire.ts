import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

export type SlowWire = {
  port: number;
  /** New connections get through so much later; what is sent on them arrives then. */
  setHandshake: (ms: number) => void;
  /** What is sent is kept on the way, and arrives all at once when it is let go, also of who has given up. */
  hold: () => void;
  letGo: () => void;
  close: () => Promise<void>;
};

/** A network before a server on this machine, that takes its time; with `tls`, its certificate and key, it ends TLS. */
export async function startSlowWire(target: number, tls: Buffer | null = null): Promise<SlowWire> {
  const sockets = new Set<Socket>();
  let handshakeMs = 0;
  let kept: (() => void)[] | null = null;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    return socket;
  };
  const forward = (client: Socket): void => {
    const backend = keep(connect({ port: target, host: '127.0.0.1', allowHalfOpen: true }));
    client.on('data', (chunk) => {
      if (kept === null) backend.write(chunk);
      else kept.push(() => backend.write(chunk));
    });
    backend.pipe(client);
    backend.on('close', () => client.destroy());
    client.resume();
  };
  const secured = tls === null ? null : createTlsServer({ key: tls, cert: tls }, (client) => forward(keep(client)));
  const server = createServer({ allowHalfOpen: true }, (client) => {
    keep(client).pause();
    setTimeout(() => {
      if (secured === null) forward(client);
      else secured.emit('connection', client);
    }, handshakeMs);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const letGo = (): void => {
    const sent = kept ?? [];
    kept = null;
    for (const send of sent) send();
  };
  return {
    port: (server.address() as AddressInfo).port,
    setHandshake: (ms) => {
      handshakeMs = ms;
    },
    hold: () => {
      kept ??= [];
    },
    letGo,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
