import { createServer } from 'node:http';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';

/*
 * What passing calls on is measured with, each in a process of its own:
 * `fake`    answers every call as Agora answers `query` and `start`;
 * `proxy`   http-proxy-middleware in front of it, which only passes on.
 */
const [kind, port, target] = process.argv.slice(2);
const session = { resourceId: 'resource', sid: 'bench-session' };
const live = JSON.stringify({ ...session, serverResponse: { status: 5, fileListMode: 'string', fileList: '' } });

if (kind === 'fake') {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json').end(live);
  });
  server.listen(Number(port), '127.0.0.1');
} else {
  const app = express();
  app.use('/agora', createProxyMiddleware({ target: target ?? '', changeOrigin: true }));
  app.listen(Number(port), '127.0.0.1');
}
process.stdout.write('listening\n');
