/** The value of a JSON text; undefined if it is none, which a schema reports as missing. */
export function jsonOrUndefined(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
