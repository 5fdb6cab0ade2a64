import type { LedgerClient, QuarantinedBody } from '../../client/index.js';
import { Panel, Read } from '../parts/panel.js';
import { Time } from '../parts/time.js';
import { number } from '../state/format.js';
import { ledger } from '../state/ledger.js';
import { useAnswer } from '../state/use-answer.js';

const SHOWN = 20;

/** Signed bodies that nothing here can read, as they came. */
export function Quarantine() {
  const answer = useAnswer((signal) => firstOf(ledger.value, signal), []);
  return (
    <Panel title="Quarantine">
      <Read answer={answer} empty={(bodies) => (bodies.length === 0 ? 'Every signed body could be read.' : null)}>
        {(bodies) => (
          <ul class="bodies">
            {bodies.map(({ id, reason, receivedAt, bytes, body, encoding }) => (
              <li key={id}>
                <details>
                  <summary>
                    <Time at={receivedAt} /> {reason} <span class="faint">{number(bytes)} bytes</span>
                  </summary>
                  <pre>{encoding === 'base64' ? `base64: ${body}` : body}</pre>
                </details>
              </li>
            ))}
          </ul>
        )}
      </Read>
    </Panel>
  );
}

async function firstOf({ quarantine }: LedgerClient, signal: AbortSignal): Promise<readonly QuarantinedBody[]> {
  for await (const page of quarantine({ waiting: true, limit: SHOWN, signal }).pages()) return page.quarantine;
  return [];
}
