import { request } from 'undici';
import type { SimulatedSession } from './simulated-session.js';

/** One version of a session in the ledger's change feed, as far as a score needs it. */
export type LedgerChange = {
  sid: string;
  atMs: number;
  state: string;
  outcome: string | null;
};

export type LedgerClient = {
  register: (session: SimulatedSession) => Promise<boolean>;
  /** The changes after where the last call ended. Empty while the ledger is away. */
  readChanges: () => Promise<readonly LedgerChange[]>;
};

type ChangePage = {
  changes: { sid: string; at: string; session: { state: string; outcome: string | null } }[];
  next: string;
};

/** Speaks to the ledger as any other service would. Failures are values: it is killed in tests. */
export function createLedgerClient(apiUrl: string, apiKey: string | null, feedFrom = '0'): LedgerClient {
  const headers = headersFor(apiKey);
  let cursor = feedFrom;
  return {
    register: async ({ sid, appId, resourceId, mode, cname, uid, startMs }) => {
      const startedAt = new Date(startMs).toISOString();
      const body = JSON.stringify({ appId, resourceId, mode, cname, uid, startedAt });
      const url = `${apiUrl}/v1/sessions/${sid}`;
      const response = await request(url, { method: 'PUT', headers, body }).catch(() => null);
      await response?.body.dump();
      return response?.statusCode === 201 || response?.statusCode === 200;
    },
    readChanges: async () => {
      const url = `${apiUrl}/v1/changes?limit=500&after=${cursor}`;
      const page = await readPage(url, headers);
      if (page === null) return [];
      cursor = page.next;
      return page.changes.map(({ sid, at, session }) => ({
        sid,
        atMs: Date.parse(at),
        state: session.state,
        outcome: session.outcome,
      }));
    },
  };
}

export function headersFor(apiKey: string | null): Record<string, string> {
  return {
    'content-type': 'application/json',
    ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
  };
}

/** The cursor after the last change there is: what comes from now on comes after it. */
export async function findEndOfFeed(apiUrl: string, apiKey: string | null): Promise<string> {
  let cursor = '0';
  for (;;) {
    const page = await readPage(`${apiUrl}/v1/changes?limit=500&after=${cursor}`, headersFor(apiKey));
    if (page === null) throw new Error(`The change feed at ${apiUrl}/v1/changes cannot be read.`);
    if (page.changes.length === 0) return page.next;
    cursor = page.next;
  }
}

async function readPage(url: string, headers: Record<string, string>): Promise<ChangePage | null> {
  try {
    const response = await request(url, { headers });
    return response.statusCode === 200 ? ((await response.body.json()) as ChangePage) : null;
  } catch {
    return null; // away for now: the next call goes on from the same cursor
  }
}
