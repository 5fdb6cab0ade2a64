import type { Summary } from '../../client/index.js';
import { Panel, Read } from '../parts/panel.js';
import { ledger } from '../state/ledger.js';
import { useAnswer } from '../state/use-answer.js';
import { LatestChanges } from './latest-changes.js';
import { NeedsALook } from './needs-a-look.js';
import { Rates } from './rates.js';
import { Staleness } from './staleness.js';
import { promiseOf } from './promise-in-words.js';
import { number } from '../state/format.js';

const EVERY_MS = 3_000;

/** For who is on call: whether the promise holds, and what needs a look. */
export function NowView() {
  const answer = useAnswer((signal) => ledger.value.summary({ signal }), [], EVERY_MS);
  return (
    <>
      <h1 class="unseen-title">Now</h1>
      <Read answer={answer}>
        {(summary) => (
          <>
            <Promise summary={summary} />
            <NeedsALook summary={summary} />
            <div class="columns">
              <Rates summary={summary} />
              <Staleness summary={summary} />
            </div>
            <States summary={summary} />
          </>
        )}
      </Read>
      <LatestChanges />
    </>
  );
}

function Promise({ summary }: { summary: Summary }) {
  const { isKept, sentence, more } = promiseOf(summary);
  return (
    <div class={isKept ? 'promise is-kept' : 'promise is-broken'} role="status">
      <p class="sentence">
        <span aria-hidden="true">{isKept ? '✓' : '!'}</span> {sentence}
      </p>
      {more !== null && <p>{more}</p>}
    </div>
  );
}

const STATES = ['registered', 'starting', 'recording', 'stopping', 'ended', 'failed'] as const;

function States({ summary: { sessions } }: { summary: Summary }) {
  return (
    <Panel title="Sessions">
      <ul class="figures">
        {STATES.map((state) => (
          <li key={state}>
            <a href={`/sessions?state=${state}`}>
              <strong>{number(sessions[state])}</strong> {state}
            </a>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
