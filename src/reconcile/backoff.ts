/**
 * How long to wait after the `attempt`-th query in a row that brought no answer (1 for the first). The last
 * step repeats. Agora's own advice is 5, 10, 15, 30 s ("best practices", monitoring).
 * @see https://docs.agora.io/en/cloud-recording/best-practices/integration-best-practices (read 2026-07); docs/agora.md#asking
 */
export function backoffMs(stepsMs: readonly number[], attempt: number): number {
  const last = stepsMs.length - 1;
  return stepsMs[Math.min(Math.max(attempt - 1, 0), last)] ?? 0;
}

/**
 * `ms` moved by up to a tenth either way, by a value that is the same for the same key: sessions
 * that started together do not ask together, and a second computation gives the same time.
 */
export function spreadMs(ms: number, key: string): number {
  const share = (fnv1a(key) % 2001) / 1000 - 1;
  return Math.round(ms * (1 + share / 10));
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash;
}
