import type { Request, Response } from 'express';

/**
 * Answers 304 where the reader has that version, and says whether it did. A version is a weak tag: what only counts
 * moves without one. Express takes `Cache-Control: no-cache` for a reload and would send the whole again; but it asks
 * whether what the reader has is still so, which is answered here (RFC 9111, 5.2.1.4).
 */
export function answersNotModified(request: Request, response: Response, version: number): boolean {
  const tag = `W/"${String(version)}"`;
  response.set('ETag', tag);
  const known = request.headers['if-none-match'];
  if (known === undefined || !(known.trim() === '*' || tagsOf(known).includes(tag.slice(2)))) return false;
  response.status(304).end();
  return true;
}

/** Compared weakly (RFC 9110, 8.8.3.2): the opaque parts alone. */
function tagsOf(header: string): readonly string[] {
  return header.match(/"[^"]*"/g) ?? [];
}
