import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { AnsweredCall } from '../../passing/pass-call.js';
import { endToEndHeaders } from './end-to-end-headers.js';

/**
 * Writes Agora's answer as it came, and settles whether all of it was handed to the connection: one that closed
 * before was not heard.
 */
export async function writeAnswer(response: ServerResponse, answer: AnsweredCall): Promise<void> {
  const { status, statusText, headers, body, settle } = answer;
  if (response.destroyed) {
    settle(false);
    return;
  }
  response.once('close', () => settle(response.writableFinished));
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.sendDate = false; // Agora's own goes on
  response.writeHead(status, statusText, endToEndHeaders(headers));
  if (Buffer.isBuffer(body)) response.end(body);
  else await pipeline(body, response).catch(() => response.destroy()); // half an answer is not ended as a whole one
}
