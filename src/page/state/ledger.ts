import { computed, signal } from '@preact/signals';
import { createClient, LedgerError } from '../../client/index.js';

/** Where this tab keeps its key: over a reload, and no longer than the tab. Why: docs/decisions/041. */
const KEPT_AS = 'recording-ledger.key';

const key = signal(sessionStorage.getItem(KEPT_AS));

/** Whether the ledger refused what was asked for want of a key that it knows. */
export const isKeyNeeded = signal(false);

export const hasKey = computed(() => key.value !== null);

/** The API with the key of this tab. What it refuses with 401 brings the question for a key. */
export const ledger = computed(() => clientWith(key.value, () => (isKeyNeeded.value = true)));

function clientWith(used: string | null, onRefused: () => void) {
  const ask = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const response = await fetch(input, init);
    if (response.status === 401) onRefused();
    return response;
  };
  return createClient({ baseUrl: location.origin, fetch: ask, ...(used === null ? {} : { key: used }) });
}

/** For what is read bit by bit, which the client does not do. */
export function keyHeader(): Record<string, string> {
  return key.value === null ? {} : { authorization: `Bearer ${key.value}` };
}

/** Takes a key that the ledger knows, and says whether it does. */
export async function useKey(tried: string): Promise<boolean> {
  try {
    await clientWith(tried, () => undefined).summary();
  } catch (error) {
    if (error instanceof LedgerError && error.status === 401) return false;
    throw error;
  }
  sessionStorage.setItem(KEPT_AS, tried);
  key.value = tried;
  isKeyNeeded.value = false;
  return true;
}

export function forgetKey(): void {
  sessionStorage.removeItem(KEPT_AS);
  key.value = null;
  isKeyNeeded.value = true;
}
