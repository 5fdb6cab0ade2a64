import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Passes requests on as they are, and keeps what they were. `refuse` answers them itself with a status instead. */
export type CountingProxy = {
  url: string;
  seen: { method: string; url: string }[];
  refuse: (status: number | null) => void;
  close: () => Promise<void>;
};

export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const seen: CountingProxy['seen'] = [];
  let refusal: number | null = null;
  const server: Server = createServer((incoming, response) => {
    const { method = '', url = '', headers } = incoming;
    seen.push({ method, url });
    if (refusal !== null) {
      response.writeHead(refusal).end('<Error><Code>AccessDenied</Code></Error>');
      return;
    }
    // The signature covers the name of the host, so that stays as it came.
    const passed = request(new URL(url, target), { method, headers, setHost: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on('error', () => response.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    seen,
    refuse: (status) => void (refusal = status),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
