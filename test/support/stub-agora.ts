import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One answer: a status with a JSON body (or raw text), or what a broken server does. */
export type StubAnswer =
  { status: number; body: unknown; headers?: Record<string, string> } | 'never' | 'reset' | 'half';

export type StubAgora = {
  url: string;
  /** What was asked, oldest first. */
  requests: StubRequest[];
  answerWith: (answer: StubAnswer | ((path: string, request: StubRequest) => StubAnswer)) => void;
  close: () => Promise<void>;
};

export type StubRequest = {
  method: string;
  path: string;
  authorization: string | undefined;
  headers: readonly string[];
  /** Once it came. */
  body: string;
  atMs: number;
};

/** @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#outcomes */
export const ALIVE: StubAnswer = { status: 200, body: { serverResponse: { status: 5 } } };
/** @see https://docs.agora.io/en/cloud-recording/rest-api/status-codes (read 2026-07); docs/agora.md#outcomes */
export const GONE: StubAnswer = {
  status: 404,
  body: { code: 404, reason: 'failed to find worker' },
};

/** A server in Agora's place that answers as it is told, for tests of one answer at a time. */
export async function startStubAgora(): Promise<StubAgora> {
  const requests: StubAgora['requests'] = [];
  let answerFor: (path: string, request: StubRequest) => StubAnswer = () => GONE;
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const { method = '', rawHeaders, headers } = request;
    const heard = {
      method,
      path,
      authorization: headers.authorization,
      headers: rawHeaders,
      body: '',
      atMs: Date.now(),
    };
    requests.push(heard);
    request.on('data', (chunk: Buffer) => (heard.body += chunk.toString()));
    request.on('end', () => give(answerFor(path, heard), request, response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    requests,
    answerWith: (answer) => {
      answerFor = typeof answer === 'function' ? answer : () => answer;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function give(answer: StubAnswer, request: IncomingMessage, response: ServerResponse): void {
  if (answer === 'never') return;
  if (answer === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  if (answer === 'half') {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('{"serverResponse":', () => request.socket.destroy());
    return;
  }
  const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
  response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
  response.end(text);
}
