import type { Session } from '../../client/index.js';
import { Panel } from '../parts/panel.js';
import { Time } from '../parts/time.js';
import { inWords } from '../state/format.js';
import { useAnswer } from '../state/use-answer.js';

/** Where the build puts what to do about each code, as docs/findings.md has it: read once, and kept by the browser. */
declare const FINDING_ADVICE_URL: string;

export function Findings({ findings }: { findings: Session['findings'] }) {
  const { value: advice } = useAnswer(readAdvice, []);
  return (
    <Panel title="Findings" aside={findings.length === 0 ? undefined : String(findings.length)}>
      {findings.length === 0 && <p class="empty">Nothing that a person needs to know.</p>}
      <ul class="findings">
        {findings.map(({ code, at, message }, index) => (
          <li key={index}>
            <p>
              <strong>{inWords(code)}</strong> <Time at={at} as="ms" />
            </p>
            <p>{message}</p>
            <p class="advice">
              <span class="faint">What to do:</span>{' '}
              {advice === null ? '…' : (advice[code] ?? 'This release does not know it.')}
            </p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

async function readAdvice(signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
  const response = await fetch(FINDING_ADVICE_URL, { signal });
  return (await response.json()) as Record<string, string>;
}
