import type { IncomingMessage } from 'node:http';

/** Bodies that are arriving or wait to be stored, of all requests together. */
const MOST_BYTES = 134_217_728;
/** What a request costs beside its body. */
const OVERHEAD = 2_048;

/**
 * Bounds what unanswered requests hold in memory, before their bodies are read. A body of undeclared
 * length counts as the largest that is accepted.
 */
export type Admission = {
  /** What the request may hold from now on, in bytes; null where there is no room for it. */
  enter: (request: IncomingMessage) => number | null;
  /** Gives back what `enter` told. */
  leave: (held: number) => void;
};

export function createAdmission(maxBytes: number): Admission {
  let held = 0;
  return {
    enter: ({ headers }) => {
      const declared = Number(headers['content-length'] ?? maxBytes);
      const body = Number.isFinite(declared) ? Math.min(declared, maxBytes) : maxBytes;
      if (held + OVERHEAD + body > MOST_BYTES) return null;
      held += OVERHEAD + body;
      return OVERHEAD + body;
    },
    leave: (given) => {
      held -= given;
    },
  };
}
