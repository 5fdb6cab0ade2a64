import type { Tone } from '../picture/happenings.js';
import { Glyph } from './glyph.js';

const SIGNS: readonly { tone: Tone; means: string }[] = [
  { tone: 'plain', means: 'notification' },
  { tone: 'beat', means: 'heartbeat' },
  { tone: 'good', means: 'exit, upload done' },
  { tone: 'bad', means: 'error, failover' },
  { tone: 'alive', means: 'query: answered' },
  { tone: 'absent', means: 'query: 404' },
  { tone: 'silent', means: 'query: no answer that tells' },
];

export function Legend() {
  return (
    <ul class="legend" aria-label="Signs in the picture">
      {SIGNS.map(({ tone, means }) => (
        <li key={tone}>
          <svg width="16" height="16" aria-hidden="true">
            <Glyph tone={tone} x={8} y={8} isMany={false} />
          </svg>{' '}
          {means}
        </li>
      ))}
      <li>
        <span class="swatch is-gap" aria-hidden="true" /> numbers missing
      </li>
      <li>
        <span class="swatch is-unseen" aria-hidden="true" /> it ended in here
      </li>
    </ul>
  );
}
