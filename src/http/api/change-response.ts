import { iso } from '../../evidence/instant.js';
import type { StoredChange } from '../../db/sessions/changes.js';
import type { VerdictRules } from '../../sessions/facts/rules.js';
import { sessionResponse } from './session-response.js';

/** A change as the feed shows it: the same at whatever time it is asked for. */
export function changeResponse(
  { cursor, sid, version, atMs, session }: StoredChange,
  rules: Pick<VerdictRules, 'accountOf'>,
) {
  const shown = sessionResponse({ session, version, updatedMs: atMs }, atMs, rules);
  return { cursor, sid, version, at: iso(atMs), session: shown };
}
