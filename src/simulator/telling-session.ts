import type { Fate } from './simulated-session.js';

/** What a score knows of one session. Times in Unix ms. */
export type SessionKept = {
  session: { sid: string; fate: Fate; startMs: number; aliveUntilMs: number; failovers: readonly unknown[] };
  /** The receiver has acknowledged its exit notification. */
  exitHeard: boolean;
  /** Since when the ledger calls it over. */
  knownMs: number | null;
  outcome: string | null;
};

export type TellingSession = {
  sid: string;
  /** What makes it worth looking at, as a sentence. */
  why: string;
  /** It ended without any notification, and the ledger knows: no other kind shows more. */
  isVanished: boolean;
};

type Kind = { why: (kept: SessionKept) => string; fits: (kept: SessionKept) => boolean; isVanished?: true };

/** The kinds that best show the use of a ledger come first. */
const KINDS: readonly Kind[] = [
  {
    isVanished: true,
    fits: (kept) => isUnheard(kept) && kept.session.fate === 'completed' && kept.outcome === 'vanished',
    why: (kept) => `It ended, and every notification of that was lost; queries found the end ${after(kept)}.`,
  },
  {
    isVanished: true,
    fits: (kept) => isUnheard(kept) && kept.session.fate === 'crashed',
    why: (kept) => `It crashed without a notification; queries found the end ${after(kept)}.`,
  },
  {
    fits: (kept) => isUnheard(kept) && kept.session.fate === 'completed',
    why: (kept) => `Its exit notification was lost; the ledger still knew the end ${after(kept)}.`,
  },
  {
    fits: ({ session, knownMs }) => knownMs !== null && session.failovers.length > 0,
    why: ({ session }) =>
      `It moved to another server ${session.failovers.length === 1 ? 'once' : 'several times'}, which looks like an end to a query.`,
  },
  { fits: ({ knownMs }) => knownMs !== null, why: (kept) => `It ended, and the ledger knew it ${after(kept)}.` },
  { fits: () => true, why: () => 'The ledger does not call it over yet.' },
];

function isUnheard({ exitHeard, knownMs }: SessionKept): boolean {
  return !exitHeard && knownMs !== null;
}

function after({ session, knownMs }: SessionKept): string {
  const ms = Math.max((knownMs ?? session.aliveUntilMs) - session.aliveUntilMs, 0);
  return `${(ms / 1000).toFixed(1)} s after it happened`;
}

/** The session that shows most, of those of its kind the one that lived longest; null where there is none. */
export function tellingSession(all: readonly SessionKept[]): TellingSession | null {
  const lifeMs = ({ session }: SessionKept): number => session.aliveUntilMs - session.startMs;
  const longestFirst = all.toSorted((a, b) => lifeMs(b) - lifeMs(a));
  for (const { fits, why, isVanished } of KINDS) {
    const kept = longestFirst.find(fits);
    if (kept !== undefined) return { sid: kept.session.sid, why: why(kept), isVanished: isVanished ?? false };
  }
  return null;
}
