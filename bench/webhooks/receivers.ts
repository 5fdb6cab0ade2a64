import { createServer } from 'node:http';

/*
 * Receivers of webhooks in a process of their own: `receivers.js <port> <how many>` listens on so many ports from that
 * one on, answers every POST with 204, and GET with how many there were.
 */
const [first, count] = process.argv.slice(2).map(Number);
let posted = 0;

const server = () =>
  createServer((request, response) => {
    request.resume();
    if (request.method === 'GET') {
      response.end(String(posted));
      return;
    }
    posted += 1;
    response.writeHead(204).end();
  });
for (let n = 0; n < (count ?? 0); n += 1) server().listen((first ?? 0) + n, '127.0.0.1');
process.stdout.write('listening\n');
