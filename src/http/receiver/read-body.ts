import type { Request } from 'express';
import { ProblemError } from '../problem.js';
import type { HeldBytes } from './admission.js';

/** Of a notification; the address may name the app. */
export type NoticeRequest = Request<{ appId?: string }>;

/** The bytes of a body as they were sent, or why there are none; if the client is gone (`broken_off`), no answer is sent. */
export type Body = Buffer | 'no_room' | 'too_large' | 'compressed' | 'broken_off';

/**
 * Reads up to so many bytes as they were sent: a signature is over them, so none is decompressed. Every
 * chunk is counted as it comes.
 */
export async function readBody(request: NoticeRequest, maxBytes: number, held: HeldBytes): Promise<Body> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') return 'compressed';
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return 'too_large';
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (body: Body): void => {
      request.removeAllListeners('data');
      request.resume(); // what still arrives is discarded and holds no memory
      resolve(body);
    };
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > maxBytes) finish('too_large');
      else if (!held.take(chunk.length)) finish('no_room');
    });
    request.on('end', () => resolve(chunks.length === 1 ? (chunks[0] ?? NOTHING) : Buffer.concat(chunks)));
    request.on('close', () => resolve('broken_off'));
    request.on('error', () => resolve('broken_off'));
  });
}

const NOTHING = Buffer.alloc(0);

export function tooLarge(maxBytes: number): ProblemError {
  return new ProblemError({
    status: 413,
    title: 'The body is too large',
    detail: `At most ${String(maxBytes)} bytes are taken.`,
  });
}
