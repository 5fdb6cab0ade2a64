import { inWords } from '../state/format.js';

/** A sign before each word: colour alone says nothing to who cannot see it. */
const SIGNS: Readonly<Record<string, string>> = {
  registered: '○',
  starting: '◔',
  recording: '●',
  stopping: '◑',
  completed: '✓',
  vanished: '?',
  abnormal_exit: '!',
  never_started: '∅',
  ended: '✓',
  failed: '!',
};

/** How a session came out, or else where it stands. */
export function StatePill({ state, outcome }: { state: string; outcome: string | null }) {
  const word = outcome ?? state;
  return (
    <span class={`pill is-${word}`}>
      <span aria-hidden="true">{SIGNS[word] ?? '·'}</span> {inWords(word)}
    </span>
  );
}
