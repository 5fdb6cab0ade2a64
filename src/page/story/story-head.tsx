import { useState } from 'preact/hooks';
import { LedgerError, type Session } from '../../client/index.js';
import { StatePill } from '../parts/state-pill.js';
import { ledger } from '../state/ledger.js';
import type { StoryParts, TimelinePart } from './use-story.js';
import { lossOf, verdictOf } from './verdict.js';

type HeadProps = { session: Session; parts: StoryParts; timeline: TimelinePart };

export function StoryHead({ session, parts, timeline }: HeadProps) {
  const { sid, cname, appId, mode, uid, state, outcome, certainty } = session;
  const loss = lossOf(session, parts.gaps);
  return (
    <header class="story-head">
      <p class="crumbs">
        <a href="/sessions">Sessions</a> / <span class="mono">{sid}</span>
      </p>
      <h1>{cname ?? sid}</h1>
      <p class="pills">
        <StatePill state={state} outcome={outcome} /> <span class="pill">{certainty}</span>
        {mode !== null && <span class="pill">{mode}</span>}
        <span class="faint">
          app {appId ?? 'unknown'}
          {uid !== null && `, uid ${uid}`}
        </span>
      </p>
      <p class="verdict">
        <strong>{verdictOf(session)}</strong>
        {loss !== null && ` ${loss}`}
      </p>
      <Actions sid={sid} parts={parts} timeline={timeline} isQueryable={session.queryable} />
    </header>
  );
}

type ActionProps = { sid: string; parts: StoryParts; timeline: TimelinePart; isQueryable: boolean };

function Actions({ sid, parts, timeline, isQueryable }: ActionProps) {
  const [told, setTold] = useState('');
  const askNow = async (): Promise<void> => {
    setTold('Asking…');
    setTold(await askFor(sid));
  };
  const copy = async (): Promise<void> => {
    setTold(await copyText(location.href));
  };
  return (
    <div class="actions">
      <button type="button" onClick={() => void askNow()} disabled={!isQueryable}>
        Ask now
      </button>
      <button type="button" onClick={() => void copy()}>
        Copy link
      </button>
      <button
        type="button"
        onClick={() => saveAs(`${sid}.json`, { ...parts, timeline: timeline.entries })}
        disabled={!timeline.isWhole}
      >
        Download as JSON
      </button>
      <span class="told" role="status">
        {told !== '' ? told : isQueryable ? '' : 'It cannot be asked about: see the findings.'}
      </span>
    </div>
  );
}

async function askFor(sid: string): Promise<string> {
  try {
    await ledger.value.reconcile(sid);
    return 'A query is asked as soon as the budget allows; what it tells appears here.';
  } catch (error) {
    if (error instanceof LedgerError && error.status === 403) return 'This key may only read.';
    return error instanceof Error ? error.message : String(error);
  }
}

/** Without a secure context the browser has no clipboard for pages. */
async function copyText(text: string): Promise<string> {
  const { clipboard } = navigator as { clipboard?: Clipboard };
  if (clipboard === undefined) return `Copy it from here: ${text}`;
  return clipboard.writeText(text).then(
    () => 'The link is in the clipboard.',
    () => `Copy it from here: ${text}`,
  );
}

function saveAs(name: string, content: unknown): void {
  const blob = new Blob([JSON.stringify(content, null, 2)], { type: 'application/json' });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
