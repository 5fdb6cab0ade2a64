/** Deeper than any notification; beyond it the rest counts as one opaque thing. */
const DEEPEST = 100;

/**
 * JSON with the keys in order at every depth: the same for the same content, however it was written.
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (typeof value !== 'object' || value === null || depth > DEEPEST) {
    return depth > DEEPEST ? '"…"' : JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((element) => canonicalJson(element, depth + 1)).join(',')}]`;
  }
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  const written = fields.map(
    ([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field, depth + 1)}`,
  );
  return `{${written.join(',')}}`;
}
