import { signal } from '@preact/signals';
import type { Change } from '../../client/index.js';
import { isKeyNeeded, keyHeader } from './ledger.js';
import { serverEvents } from './server-events.js';

/**
 * One stream of changes for all tabs of this browser: over HTTP/1.1 it allows six connections to a host, and a stream
 * a tab would take them all. The tab that holds the lock reads and tells the others; when it closes, the next one
 * gets the lock. Without a secure context there are no locks: then each tab reads for itself while it is looked at.
 */
export const isLive = signal(false);

const NAME = 'recording-ledger.changes';
const AGAIN_MS = 2_000;

type Told = { isLive: boolean } | { change: Change };

const listeners = new Set<(change: Change) => void>();
const others = new BroadcastChannel(NAME);
let isStarted = false;
let lastCursor: string | null = null;

export function onChange(listener: (change: Change) => void): () => void {
  listeners.add(listener);
  if (!isStarted) start();
  return () => listeners.delete(listener);
}

function start(): void {
  isStarted = true;
  others.onmessage = ({ data }: MessageEvent<Told>) => hear(data);
  const { locks } = navigator as { locks?: LockManager };
  if (locks === undefined) void readWhile(() => !document.hidden);
  else void locks.request(NAME, () => readWhile(() => true));
}

async function readWhile(isWanted: () => boolean): Promise<never> {
  for (;;) {
    if (isWanted() && !isKeyNeeded.value) await readStream(isWanted).catch(() => undefined);
    tell({ isLive: false });
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** Goes on where the last stream ended, so that nothing is missed in between; not if the feed has become another. */
async function readStream(isWanted: () => boolean): Promise<void> {
  const place = lastCursor === null ? '' : `?after=${lastCursor}`;
  const response = await fetch(`/v1/changes/stream${place}`, { headers: keyHeader() });
  if (response.status === 410) lastCursor = null;
  if (!response.ok || response.body === null) return;
  tell({ isLive: true });
  for await (const { id, event, data } of serverEvents(response.body)) {
    if (event !== 'change') tell({ isLive: true }); // a tab that was opened since has not heard it
    if (id !== '') lastCursor = id;
    if (event === 'change') tell({ change: JSON.parse(data) as Change });
    if (!isWanted()) return;
  }
}

function tell(told: Told): void {
  others.postMessage(told);
  hear(told);
}

function hear(told: Told): void {
  if ('isLive' in told) isLive.value = told.isLive;
  else {
    isLive.value = true;
    lastCursor = told.change.cursor;
    for (const listener of listeners) listener(told.change);
  }
}
