import type { UnixMs } from '../evidence/instant.js';

/** An HTTP response as it came; header names in lower case. */
export type HttpResponse = {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
  /** When it came, for headers that name a time of day. */
  nowMs: UnixMs;
};
