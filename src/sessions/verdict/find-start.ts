import { earlier } from '../../evidence/instant.js';
import { recordersInOrder } from '../facts/current-recorders.js';
import type { SessionFacts } from '../facts/facts.js';
import { registeredStart } from '../facts/query-window.js';
import type { SessionStart } from './session.js';

/**
 * The first recorder's own start event, because it is exact; else the earliest sign of life from either
 * source. (The start of a later recorder, after a failover, is not the session's.) Else the registered time,
 * which is when `start` was called and proves nothing.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 * Ours: docs/decisions/007-what-is-a-sign-of-life.md
 */
export function findStart(facts: SessionFacts): SessionStart | null {
  const { noticeSigns, answerSigns, registration } = facts;
  const startedMs = ownStart(facts);
  if (startedMs !== null) return { atMs: startedMs, source: 'notice' };
  const asked = earlier(answerSigns.startedMs, answerSigns.firstLifeMs);
  const told = noticeSigns.firstLifeMs;
  const first = earlier(told, asked);
  if (first !== null) return { atMs: first, source: first === told ? 'notice' : 'query' };
  if (registration?.startedMs == null) return null;
  return { atMs: registeredStart(registration), source: 'registration' };
}

/**
 * The start of the recorder it was registered with; without a registration, of the first recorder that was
 * reported.
 */
function ownStart(facts: SessionFacts): SessionStart['atMs'] | null {
  const { registration, recorders } = facts;
  const original = recorders.find(({ uid }) => uid === registration?.uid);
  const first = original ?? recordersInOrder(facts)[0] ?? recorders[0];
  if (first?.startedMs == null) return null;
  const seenBefore = earlier(facts.answerSigns.firstLifeMs, facts.noticeSigns.firstLifeMs);
  const isSuccessor = original === undefined && seenBefore !== null && seenBefore < first.firstMs;
  return isSuccessor ? null : first.startedMs;
}
