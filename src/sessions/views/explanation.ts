import type { UnixMs } from '../../evidence/instant.js';

/** Why one fact of a session is what it is: the rule that decided, and what it rests on. */
export type Explanation = {
  fact: 'state' | 'outcome' | 'startedAt' | 'endedAt' | 'upload' | 'certainty';
  value: string | null;
  /** A stable name of the rule. */
  rule: string;
  /** The rule in words that a customer can understand. */
  because: string;
  evidence: readonly Reference[];
};

/** Where a piece of evidence is found in the timeline. */
export type Reference = {
  source: 'notice' | 'query' | 'registration' | 'stop' | 'bucket';
  atMs: UnixMs;
  what: string;
};
