import type { Request, Response } from 'express';

/**
 * Answers 304 if the client has that version already, and returns whether it did. The tag is weak, because counts
 * move without a new version. Express would answer `Cache-Control: no-cache` with the whole body; but that header asks
 * for a check with the server, which this is (RFC 9111, 5.2.1.4).
 */
export function answersNotModified(request: Request, response: Response, version: number): boolean {
  const tag = `W/"${String(version)}"`;
  response.set('ETag', tag);
  const known = request.headers['if-none-match'];
  if (known === undefined || !(known.trim() === '*' || tagsOf(known).includes(tag.slice(2)))) return false;
  response.status(304).end();
  return true;
}

/** For the weak comparison (RFC 9110, 8.8.3.2) only the quoted parts count. */
function tagsOf(header: string): readonly string[] {
  return header.match(/"[^"]*"/g) ?? [];
}
