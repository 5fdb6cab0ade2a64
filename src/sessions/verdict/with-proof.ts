import type { Observation } from '../../evidence/observation.js';
import { provenAbsence } from './absence.js';
import { foldRules } from '../facts/bounds.js';
import type { SessionFacts } from '../facts/facts.js';
import { fold } from '../facts/fold.js';
import type { VerdictRules } from '../facts/rules.js';

/**
 * The answer, and if it is a 404 that proves that the session is gone, since when it was. This is stored with
 * the answer, because an earlier sign of life may still arrive; then the proof stays visible as a denied one.
 * Ours: docs/decisions/003-every-404-is-a-row.md
 */
export function withProof(
  answer: Omit<Observation, 'unbrokenSinceMs'>,
  facts: SessionFacts,
  rules: VerdictRules,
): Observation {
  const observation = { ...answer, unbrokenSinceMs: null };
  if (answer.outcome.kind !== 'not_found') return observation;
  const proven = provenAbsence(fold(facts, [observation], foldRules(rules)), rules);
  return { ...observation, unbrokenSinceMs: proven?.sinceMs ?? null };
}
