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
  /** It vanished without a word, and the ledger knows: there is none that shows more. */
  isVanished: boolean;
};

type Kind = { why: (kept: SessionKept) => string; fits: (kept: SessionKept) => boolean; isVanished?: true };

/** What shows best what a ledger is for comes first. */
const KINDS: readonly Kind[] = [
  {
    isVanished: true,
    fits: (kept) => isUnheard(kept) && kept.session.fate === 'completed' && kept.outcome === 'vanished',
    why: (kept) => `It ended, and of what was sent about that nothing arrived; asking found it out ${after(kept)}.`,
  },
  {
    isVanished: true,
    fits: (kept) => isUnheard(kept) && kept.session.fate === 'crashed',
    why: (kept) => `It died without a word; asking found it out ${after(kept)}.`,
  },
  {
    fits: (kept) => isUnheard(kept) && kept.session.fate === 'completed',
    why: (kept) => `Its exit notification was lost; the ledger knew all the same ${after(kept)}.`,
  },
  {
    fits: ({ session, knownMs }) => knownMs !== null && session.failovers.length > 0,
    why: ({ session }) =>
      `It moved to another server ${session.failovers.length === 1 ? 'once' : 'several times'}, which looks like an end and was none.`,
  },
  { fits: ({ knownMs }) => knownMs !== null, why: (kept) => `It ended, and the ledger knew ${after(kept)}.` },
  { fits: () => true, why: () => 'The ledger does not call it over yet.' },
];

function isUnheard({ exitHeard, knownMs }: SessionKept): boolean {
  return !exitHeard && knownMs !== null;
}

function after({ session, knownMs }: SessionKept): string {
  const ms = Math.max((knownMs ?? session.aliveUntilMs) - session.aliveUntilMs, 0);
  return `${(ms / 1000).toFixed(1)} s after its end`;
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
