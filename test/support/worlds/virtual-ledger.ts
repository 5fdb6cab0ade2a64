import { noticeOf } from '../../../src/agora/notice-from-raw.js';
import { parseNotification } from '../../../src/agora/parse-notification.js';
import type { Evidence } from '../../../src/evidence/evidence.js';
import { unixMs } from '../../../src/evidence/instant.js';
import { noFacts, type SessionFacts } from '../../../src/sessions/facts/facts.js';
import { isStraggler } from '../../../src/sessions/facts/fold-notice.js';
import { fold } from '../../../src/sessions/facts/fold.js';
import { FOLD_RULES, START } from '../builders.js';
import type { Version } from '../virtual-session.js';

export type VirtualLedger = {
  facts: () => SessionFacts;
  nowMs: () => number;
  learn: (atMs: number, piece: Evidence) => void;
  deliver: (atMs: number, appId: string, body: string) => void;
  evidence: readonly Evidence[];
  versions: readonly Version[];
};

/** A ledger of one session in memory: evidence, and the facts after each piece of it. */
export function openLedger(sid: string): VirtualLedger {
  const evidence: Evidence[] = [];
  const versions: Version[] = [];
  const known = new Set<string>();
  let facts = noFacts(sid);
  let nowMs: number = START;
  const learn = (atMs: number, piece: Evidence): void => {
    nowMs = Math.max(nowMs, atMs);
    // As the ledger's jobs do: what another order might change is read anew.
    const anew = piece.kind === 'registration' || (piece.kind === 'notice' && isStraggler(facts, piece));
    evidence.push(piece);
    facts = anew ? fold(noFacts(sid), evidence, FOLD_RULES) : fold(facts, [piece], FOLD_RULES);
    versions.push({ atMs: unixMs(nowMs), facts, known: evidence.length });
  };
  return {
    facts: () => facts,
    nowMs: () => nowMs,
    learn,
    /** Stored once, however often it comes: by its identity, as the evidence table does. */
    deliver: (atMs, appId, body) => {
      const receivedMs = unixMs(Math.max(atMs, nowMs));
      const parsed = parseNotification(Buffer.from(body), { appId, receivedMs });
      if (parsed.kind !== 'notice') throw new Error('the world sent something unreadable');
      const { eventKey } = parsed.envelope;
      const notice = noticeOf(parsed.envelope, { appId, receivedMs }, eventKey);
      const isNew = !known.has(eventKey);
      known.add(eventKey);
      learn(receivedMs, isNew ? notice : { kind: 'repeated_delivery', sid, eventKey, receivedMs });
    },
    evidence,
    versions,
  };
}
