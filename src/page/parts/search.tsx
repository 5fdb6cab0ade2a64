import { useLocation } from 'preact-iso/router';
import { useEffect, useRef, useState } from 'preact/hooks';
import { LedgerError, type LedgerClient } from '../../client/index.js';
import { ledger } from '../state/ledger.js';
import { address } from '../state/use-query.js';

/** Paste a sid, a channel or a noticeId, from wherever you are: `/` leads here. */
export function Search() {
  const { route } = useLocation();
  const input = useRef<HTMLInputElement>(null);
  const [told, setTold] = useState('');
  useEffect(() => onSlash(() => input.current?.focus()), []);
  const search = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const text = input.current?.value.trim() ?? '';
    if (text === '') return;
    setTold('Searching…');
    const found = await find(ledger.value, text).catch((error: unknown) => ({ trouble: String(error) }));
    setTold('trouble' in found ? found.trouble : '');
    if ('path' in found) route(found.path);
  };
  return (
    <form class="search" role="search" onSubmit={(event) => void search(event)}>
      <input
        ref={input}
        type="search"
        name="q"
        placeholder="sid, channel or noticeId"
        aria-label="Search by sid, channel or noticeId"
        aria-keyshortcuts="/"
        spellcheck={false}
        onKeyDown={({ key }) => key === 'Escape' && input.current?.blur()}
      />
      <kbd aria-hidden="true">/</kbd>
      <p class="told" role="status">
        {told}
      </p>
    </form>
  );
}

type Found = { path: string } | { trouble: string };

async function find(client: LedgerClient, text: string): Promise<Found> {
  const [session, notice, page] = await Promise.all([
    unlessUnknown(client.sessions.get(text)),
    unlessUnknown(client.notice(text)),
    firstPage(client, text),
  ]);
  if (session !== null) return { path: sessionAddress(session.sid) };
  if (notice !== null && notice.sid !== null) {
    return { path: address(sessionAddress(notice.sid), { at: notice.occurredAt, kind: notice.kind }) };
  }
  const [only] = page;
  if (only !== undefined && page.length === 1) return { path: sessionAddress(only.sid) };
  if (only !== undefined) return { path: address('/sessions', { q: text }) };
  return { trouble: `Nothing here has the sid, channel or noticeId ${text}.` };
}

/** Those whose sid or channel begins so. */
async function firstPage(client: LedgerClient, q: string) {
  for await (const { sessions } of client.sessions.list({ q, limit: 2 }).pages()) return sessions;
  return [];
}

export function sessionAddress(sid: string): string {
  return `/sessions/${encodeURIComponent(sid)}`;
}

/** Null for what is not known, and for what cannot be an id. */
async function unlessUnknown<T>(asked: Promise<T>): Promise<T | null> {
  return asked.catch((error: unknown) => {
    if (error instanceof LedgerError && [400, 404].includes(error.status)) return null;
    throw error;
  });
}

function onSlash(act: () => void): () => void {
  const listen = (event: KeyboardEvent): void => {
    const { target } = event;
    const isTyping = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  };
  document.addEventListener('keydown', listen);
  return () => document.removeEventListener('keydown', listen);
}
