import type { UnixMs } from '../../evidence/instant.js';
import { provenAbsence } from '../verdict/absence.js';
import type { SessionFacts } from '../facts/facts.js';
import type { VerdictRules } from '../facts/rules.js';
import { conclude } from './conclude.js';
import { EMPTY_ENTRY, type TimelineDetails, type TimelineEntry } from './timeline.js';

/**
 * Timeline entries for what no source reported but the ledger concluded, each dated by the evidence that
 * proved it: that the session is gone or never started, or that an earlier end was revoked.
 */
export function inferences(facts: SessionFacts, rules: VerdictRules): readonly TimelineEntry[] {
  const { session, ending } = conclude(facts, rules);
  const absence = provenAbsence(facts, rules);
  const reopened = session.findings.filter(({ code }) => code === 'reopened');
  return [
    ...(absence === null ? [] : [gone(absence.provenMs, ending?.rule ?? 'gone', absence)]),
    ...reopened.map(({ atMs, message }) => inferred(atMs, 'reopened', { of: 'reopening', because: message })),
  ];
}

function gone(atMs: UnixMs, rule: string, { sinceMs, notAfterMs }: { sinceMs: UnixMs; notAfterMs: UnixMs }) {
  const kind = rule === 'never_started' ? 'never_started' : 'gone';
  return inferred(atMs, kind, { of: 'absence', firstNotFoundMs: sinceMs, notAfterMs });
}

function inferred(atMs: UnixMs, kind: string, details: TimelineDetails): TimelineEntry {
  return { ...EMPTY_ENTRY, atMs, source: 'inference', kind, details, receivedMs: atMs };
}
