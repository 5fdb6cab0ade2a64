/** Deeper than any notification; beyond it the rest counts as one opaque thing. */
const DEEPEST = 100;

/**
 * JSON with the keys in order at every depth: the same for the same content, however it was written.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(inOrder(value, 0));
}

/** A copy that the platform's own writer, much the fastest there is, then writes in this order. */
function inOrder(value: unknown, depth: number): unknown {
  if (depth > DEEPEST) return '…';
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => inOrder(element, depth + 1));
  const fields = value as Record<string, unknown>;
  const copy: Record<string, unknown> = {};
  for (const name of Object.keys(fields).sort()) {
    // That one name would be taken for the prototype, and lost.
    copy[name === '__proto__' ? '"__proto__"' : name] = inOrder(fields[name], depth + 1);
  }
  return copy;
}
