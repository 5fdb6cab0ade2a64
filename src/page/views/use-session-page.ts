import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { LedgerClient, Session, SessionFilters, SessionPage } from '../../client/index.js';
import { ledger } from '../state/ledger.js';
import { onChange } from '../state/live.js';
import { useAnswer, type Answer } from '../state/use-answer.js';
import { FILTER_NAMES } from './filter-names.js';

const ROWS = 100;
const COUNT_EVERY_MS = 10_000;
/** New sessions are looked for no more often than this, however many changes come. */
const LOOK_EVERY_MS = 1_500;

type LivePage = { answer: Answer<SessionPage>; waiting: number; showWaiting: () => void };

/**
 * A page of sessions that stays up to date. Rows change in place; new ones wait while `isHeld`, so that nothing moves
 * under a pointer, and their number is told.
 */
export function useSessionPage(query: Readonly<Record<string, string>>, isHeld: boolean): LivePage {
  const filters = filtersOf(query);
  const question = JSON.stringify(filters);
  const first = useAnswer((signal) => readPage(ledger.value, filters, signal), [question]);
  const count = useAnswer((signal) => countPage(ledger.value, filters, signal), [question], COUNT_EVERY_MS);
  const [fresh, setFresh] = useState<{ question: string; page: SessionPage } | null>(null);
  const [shown, setShown] = useState<{ question: string; page: SessionPage } | null>(null);
  const changed = useChangedRows();

  useLookAgain(question, async () => setFresh({ question, page: await readPage(ledger.value, filters) }));

  const newest = fresh?.question === question ? fresh.page : first.value;
  useEffect(() => {
    if (newest !== null && !isHeld) setShown({ question, page: newest });
  }, [newest, isHeld]);

  const page = shown?.question === question ? shown.page : newest;
  const known = new Set(page?.sessions.map(({ sid }) => sid));
  const waiting = newest?.sessions.filter(({ sid }) => !known.has(sid)).length ?? 0;
  const value = useMemo(() => withChanges(page, changed, count.value), [page, changed, count.value]);
  return {
    answer: { ...first, value },
    waiting,
    showWaiting: () => newest !== null && setShown({ question, page: newest }),
  };
}

function filtersOf(query: Readonly<Record<string, string>>): SessionFilters {
  const told = Object.entries(query).filter(([name]) => name === 'cursor' || FILTER_NAMES.has(name));
  return Object.fromEntries(told);
}

async function readPage(
  { sessions }: LedgerClient,
  filters: SessionFilters,
  signal?: AbortSignal,
): Promise<SessionPage> {
  for await (const page of sessions.list({ ...filters, limit: ROWS }, { signal }).pages()) return page;
  return { sessions: [], next: null };
}

/** Apart from the rows, which are not to wait for it. */
async function countPage({ sessions }: LedgerClient, filters: SessionFilters, signal: AbortSignal) {
  const { cursor: _cursor, ...all } = filters;
  for await (const { count } of sessions.list({ ...all, limit: 1, count: true }, { signal }).pages())
    return count ?? null;
  return null;
}

/** Sessions as the stream last told of them. */
function useChangedRows(): ReadonlyMap<string, Session> {
  const [changed, setChanged] = useState<ReadonlyMap<string, Session>>(new Map());
  useEffect(() => {
    const waiting = new Map<string, Session>();
    const timer = setInterval(() => {
      if (waiting.size === 0) return;
      setChanged((before) => newestOf([...before, ...waiting]));
      waiting.clear();
    }, 500);
    const leave = onChange(({ sid, session }) => waiting.set(sid, session));
    return () => {
      clearInterval(timer);
      leave();
    };
  }, []);
  return changed;
}

const MOST_KEPT = 1_000;

function newestOf(entries: readonly (readonly [string, Session])[]): Map<string, Session> {
  return new Map(entries.slice(-MOST_KEPT));
}

function useLookAgain(question: string, look: () => Promise<void>): void {
  const latest = useRef(look);
  latest.current = look;
  useEffect(() => {
    let isWaiting = false;
    let isOver = false;
    const leave = onChange(() => {
      if (isWaiting) return;
      isWaiting = true;
      setTimeout(() => {
        isWaiting = false;
        // What fails is tried again with the next change; the rows that are shown stay true of when they were read.
        if (!isOver) latest.current().catch(() => undefined);
      }, LOOK_EVERY_MS);
    });
    return () => {
      isOver = true;
      leave();
    };
  }, [question]);
}

function withChanges(
  page: SessionPage | null,
  changed: ReadonlyMap<string, Session>,
  count: NonNullable<SessionPage['count']> | null,
): SessionPage | null {
  if (page === null) return null;
  const sessions = page.sessions.map((session) => {
    const newer = changed.get(session.sid);
    return newer !== undefined && newer.version > session.version ? newer : session;
  });
  return { ...page, sessions, ...(count === null ? {} : { count }) };
}
