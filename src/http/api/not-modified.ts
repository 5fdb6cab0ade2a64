/** The tag of a version. It is weak, because counts move without a new version. */
export function versionTag(version: number): string {
  return `W/"${String(version)}"`;
}

/**
 * Whether the client has that version already. Express would answer `Cache-Control: no-cache` with the whole body; but
 * that header asks for a check with the server, which this is (RFC 9111, 5.2.1.4). For the weak comparison
 * (RFC 9110, 8.8.3.2) only the quoted parts count.
 */
export function isNotModified(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const known: readonly string[] = ifNoneMatch.match(/"[^"]*"/g) ?? [];
  return ifNoneMatch.trim() === '*' || known.includes(tag.slice(2));
}
