import type { LedgerClient } from '../../client/index.js';

export function endpointsBehind(_client: LedgerClient, _signal: AbortSignal): Promise<{ id: string; says: string }[]> {
  return Promise.resolve([]);
}
