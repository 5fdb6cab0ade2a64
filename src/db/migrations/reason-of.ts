import { isNativeError } from 'node:util/types';

/** What an error says, on one line. */
export function reasonOf(error: unknown): string {
  if (!isNativeError(error)) return String(error);
  // Node gives one error for all addresses of a host, with an empty message and the code of each.
  if (error.message === '') return (error as NodeJS.ErrnoException).code ?? error.name;
  return error.message.replaceAll(/\s+/g, ' ').trim();
}
