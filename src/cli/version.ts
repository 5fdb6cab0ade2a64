import { createRequire } from 'node:module';
import { z } from 'zod';

/** Of this package, wherever this code was compiled to. */
export function packageVersion(): string {
  const load: (id: string) => unknown = createRequire(import.meta.url);
  return z.object({ version: z.string() }).parse(load('recording-ledger/package.json')).version;
}
