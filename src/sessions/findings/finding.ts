import type { Ending } from '../verdict/ending.js';
import type { SessionFacts } from '../facts/facts.js';
import type { Gap } from '../verdict/gaps.js';
import type { VerdictRules } from '../facts/rules.js';
import type { Finding } from '../verdict/session.js';

/** The input of a rule: the facts and what was concluded from them. */
export type FindingCase = {
  facts: SessionFacts;
  ending: Ending | null;
  /** All gaps, including those that late notifications have settled. */
  gaps: readonly Gap[];
  rules: VerdictRules;
};

/**
 * One kind of finding. `means` is what it means in general and `advice` what to do; both go into the
 * documentation. The message is about one session.
 */
export type FindingRule = {
  code: string;
  means: string;
  advice: string;
  find: (session: FindingCase) => readonly Omit<Finding, 'code'>[];
};

export function quoted(text: string): string {
  return text === '' ? '(none)' : `"${text}"`;
}
