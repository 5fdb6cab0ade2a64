import type { Db } from '../../db/connection/database.js';
import { loadRegistrations } from '../../db/evidence/registrations.js';
import {
  countRepeats,
  loadNoticesBy,
  loadRunsBy,
  readHistoryFingerprint,
  readHistoryOrder,
  type StoredRun,
} from '../../db/evidence/session-history.js';
import { loadLooks } from '../../db/evidence/bucket-looks.js';
import { loadPassedCalls } from '../../db/evidence/passed-calls.js';
import { loadStopAnswers } from '../../db/evidence/stop-answers.js';
import type { Notice } from '../../evidence/notice.js';
import {
  inOrder,
  noticeEntry,
  observationEntry,
  otherEntries,
  type Happening,
  type SentNotice,
  type TimelineEntry,
} from '../../sessions/views/timeline.js';

type Stored = Happening<SentNotice, StoredRun>;
type Order = { fingerprint: string; happenings: readonly Stored[] };

export type TimelinePage = { entries: readonly TimelineEntry[]; total: number };

/** The state of the ledger: how much of the session is folded, and the entries that the ledger inferred. */
export type KnownHistory = { sid: string; folded: string; inferred: readonly TimelineEntry[] };

/** At most `limit` entries of the timeline, beginning with index `from`. */
export type ReadTimelinePage = (history: KnownHistory, from: number, limit: number) => Promise<TimelinePage>;

/** How many entries of all sessions together are cached in order, at some 100 bytes each. */
const MOST_KEPT = 200_000;

/**
 * Reads timelines page by page. The order of a session's entries is computed once, from the fields that
 * decide it, and cached until new evidence comes; bodies are read only for the page.
 */
export function createTimelinePages({ pool }: Db): ReadTimelinePage {
  const orders = new Map<string, Order>();
  const orderOf = async ({ sid, folded, inferred }: KnownHistory): Promise<Order> => {
    const told = [
      ...(await loadRegistrations(pool, [sid])),
      ...(await loadStopAnswers(pool, [sid])),
      ...(await loadPassedCalls(pool, [sid])),
      ...(await loadLooks(pool, [sid])),
    ];
    const entries = [...otherEntries(told), ...inferred];
    const fingerprint = `${folded} ${await readHistoryFingerprint(pool, sid)} ${JSON.stringify(entries)}`;
    const known = orders.get(sid);
    if (known?.fingerprint === fingerprint) return known;
    const { notices, runs } = await readHistoryOrder(pool, sid);
    const order = { fingerprint, happenings: inOrder(notices, runs, entries) };
    keep(orders, sid, order);
    return order;
  };
  return async (history, from, limit) => {
    const { happenings } = await orderOf(history);
    const page = happenings.slice(from, from + limit);
    return { entries: await readEntries({ pool }, history.sid, page), total: happenings.length };
  };
}

/** The one that was read longest ago is removed first. */
function keep(orders: Map<string, Order>, sid: string, order: Order): void {
  orders.delete(sid);
  orders.set(sid, order);
  let kept = [...orders.values()].reduce((sum, { happenings }) => sum + happenings.length, 0);
  for (const [oldest, { happenings }] of orders) {
    if (kept <= MOST_KEPT) return;
    orders.delete(oldest);
    kept -= happenings.length;
  }
}

async function readEntries({ pool }: Pick<Db, 'pool'>, sid: string, page: readonly Stored[]): Promise<TimelineEntry[]> {
  const sent = page.flatMap((one) => (one.kind === 'notice' ? [one.notice] : []));
  const ids = page.flatMap((one) => (one.kind === 'observation' ? [one.observation.id] : []));
  const notices = await loadBySlices(pool, sid, sent);
  const deliveries = await countRepeats(
    pool,
    sid,
    sent.map(({ eventKey }) => eventKey),
  );
  const runs = await loadRunsBy(pool, ids);
  return page.flatMap((one) => {
    switch (one.kind) {
      case 'notice': {
        const notice = notices.get(one.notice.eventKey);
        return notice === undefined ? [] : [noticeEntry(notice, deliveries.get(notice.eventKey) ?? 1)];
      }
      case 'observation': {
        const run = runs.get(one.observation.id);
        return run === undefined ? [] : [observationEntry(run)];
      }
      case 'entry':
        return [one.entry];
    }
  });
}

/** How many bodies are read at a time, which takes some milliseconds; other work runs in between. */
const BODIES = 100;

async function loadBySlices(
  pool: Db['pool'],
  sid: string,
  sent: readonly SentNotice[],
): Promise<ReadonlyMap<string, Notice>> {
  const loaded = new Map<string, Notice>();
  for (let from = 0; from < sent.length; from += BODIES) {
    const slice = await loadNoticesBy(pool, sid, sent.slice(from, from + BODIES));
    for (const [eventKey, notice] of slice) loaded.set(eventKey, notice);
  }
  return loaded;
}
