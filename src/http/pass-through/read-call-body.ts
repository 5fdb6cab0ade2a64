import type { IncomingMessage } from 'node:http';

/** The bytes as they were sent, encoded or not; `broken_off` if whoever sends them is gone. */
export async function readCallBody(
  request: IncomingMessage,
  maxBytes: number,
): Promise<Buffer | 'too_large' | 'broken_off'> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return 'too_large';
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else resolve('too_large'); // the rest is discarded and holds no memory
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('close', () => resolve('broken_off'));
    request.on('error', () => resolve('broken_off'));
  });
}
