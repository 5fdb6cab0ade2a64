/** The tag of a version. It is weak, because counts move without a new version. */
export function tagOfVersion(version: number): string {
  return `W/"${String(version)}"`;
}

/**
 * Whether the client has that version already, by its `If-None-Match`. Express would answer `Cache-Control: no-cache`
 * with the whole body; but that header asks for a check with the server, which this is (RFC 9111, 5.2.1.4).
 */
export function isKnownVersion(known: string | undefined, version: number): boolean {
  if (known === undefined) return false;
  return known.trim() === '*' || tagsOf(known).includes(tagOfVersion(version).slice(2));
}

/** For the weak comparison (RFC 9110, 8.8.3.2) only the quoted parts count. */
function tagsOf(header: string): readonly string[] {
  return header.match(/"[^"]*"/g) ?? [];
}
