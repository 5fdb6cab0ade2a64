import { useState } from 'preact/hooks';
import { Read } from '../parts/panel.js';
import { plural } from '../state/format.js';
import { useQuery } from '../state/use-query.js';
import { DayStrip } from './day-strip.js';
import { Filters } from './filters.js';
import { SessionRows } from './session-rows.js';
import { useSessionPage } from './use-session-page.js';

/** All sessions: every filter in the address, the newest first, live. */
export function SessionsView() {
  const { query, change } = useQuery();
  const [isHeld, hold] = useState(false);
  const { answer, waiting, showWaiting } = useSessionPage(query, isHeld);
  const isFirst = query['cursor'] === undefined;
  return (
    <>
      <h1>Sessions</h1>
      <Filters />
      <DayStrip />
      <p class="pages" role="status">
        {answer.value?.count !== undefined && isFirst && (
          <span>
            {answer.value.count.exact ? '' : 'About '}
            {plural(answer.value.count.value, 'session')}
          </span>
        )}{' '}
        {waiting > 0 && (
          <button type="button" class="main" onClick={showWaiting}>
            {plural(waiting, 'new session')}: show
          </button>
        )}
      </p>
      <Read answer={answer} empty={({ sessions }) => (sessions.length === 0 ? emptyWords(query) : null)}>
        {({ sessions, next }) => (
          <>
            <SessionRows sessions={sessions} onHold={hold} />
            <p class="pages">
              <button type="button" disabled={isFirst} onClick={() => change({ cursor: null })}>
                Newest
              </button>{' '}
              <button type="button" disabled={next === null} onClick={() => change({ cursor: next })}>
                Older
              </button>
            </p>
          </>
        )}
      </Read>
    </>
  );
}

function emptyWords(query: Readonly<Record<string, string>>): string {
  if (Object.keys(query).some((name) => name !== 'day')) return 'No session fits these filters.';
  return 'No session is known yet. It appears here when somebody registers it, or when its first notification comes.';
}
