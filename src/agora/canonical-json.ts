/** Deeper than any notification; writers of JSON and Postgres's parser have their limits beyond it. */
const DEEPEST = 100;

/**
 * JSON with the keys in order at every depth: the same for the same content, however it was written.
 * Null for what is nested more than a hundred deep.
 * Ours: docs/agora.md#identity
 */
export function canonicalJson(value: unknown): string | null {
  const found = { tooDeep: false };
  const ordered = inOrder(value, 0, found);
  return found.tooDeep ? null : JSON.stringify(ordered);
}

/** Whether something is nested deeper than what `canonicalJson` takes. Ours: docs/agora.md#identity */
export function isTooDeep(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth > DEEPEST || Object.values(value).some((inner) => isTooDeep(inner, depth + 1));
}

/** A copy that the platform's own writer, much the fastest there is, then writes in this order. */
function inOrder(value: unknown, depth: number, found: { tooDeep: boolean }): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEEPEST) {
    found.tooDeep = true;
    return null;
  }
  if (Array.isArray(value)) return value.map((element) => inOrder(element, depth + 1, found));
  const fields = value as Record<string, unknown>;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(fields).sort()) {
    // That one name would be taken for the prototype, and lost.
    copy[name === '__proto__' ? '"__proto__"' : name] = inOrder(fields[name], depth + 1, found);
  }
  return copy;
}
