import type { Session } from '../../client/index.js';
import { Panel } from '../parts/panel.js';
import { Time } from '../parts/time.js';
import { inWords } from '../state/format.js';

/** What to do about each code, as docs/findings.md has it; put in by the build. */
declare const FINDING_ADVICE: Readonly<Record<string, string>>;

export function Findings({ findings }: { findings: Session['findings'] }) {
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
              <span class="faint">What to do:</span> {FINDING_ADVICE[code] ?? 'This release does not know it.'}
            </p>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
