import type { Request } from 'express';
import { ProblemError } from '../problem.js';
import type { HeldBytes } from './admission.js';

/** Of a notification; the address may name the app. */
export type NoticeRequest = Request<{ appId?: string }>;

/** The bytes of a body as they were sent, or why there are none; if the client is gone, no answer is sent. */
export type Body = Buffer | 'no_room' | 'broken_off';

/**
 * Reads up to so many bytes as they were sent: a signature is over them, so none is decompressed. Every
 * chunk is counted as it comes. Rejects with the status that a body means which cannot be read.
 */
export async function readBody(request: NoticeRequest, maxBytes: number, held: HeldBytes): Promise<Body> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw new ProblemError({ status: 415, title: 'The body must not be compressed' });
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (settle: () => void): void => {
      request.removeAllListeners('data');
      request.resume(); // what still arrives is discarded and holds no memory
      settle();
    };
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBytes) finish(() => reject(tooLarge(maxBytes)));
      else if (!held.take(chunk.length)) finish(() => resolve('no_room'));
    });
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] ?? NOTHING) : Buffer.concat(chunks)));
    request.on('close', () => resolve('broken_off'));
    request.on('error', () => resolve('broken_off'));
  });
}

const NOTHING = Buffer.alloc(0);

function tooLarge(maxBytes: number): ProblemError {
  return new ProblemError({
    status: 413,
    title: 'The body is too large',
    detail: `At most ${String(maxBytes)} bytes are taken.`,
  });
}
