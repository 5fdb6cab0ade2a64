import type { Explanation, Explanations, Session, Version } from '../../client/index.js';
import { Panel } from '../parts/panel.js';
import { Time } from '../parts/time.js';
import { inWords } from '../state/format.js';
import { useQuery } from '../state/use-query.js';

type FactsProps = {
  session: Session;
  reasons: Explanations | null;
  versions: readonly Version[];
  pinned: string | null;
  onPoint: (fact: string | null) => void;
};

/** What the ledger concluded, the rule that decided, and the evidence, which lights up in the picture. */
export function Facts({ session, reasons, versions, pinned, onPoint }: FactsProps) {
  if (reasons === null) return <EarlierReasons session={session} versions={versions} />;
  return (
    <Panel title="Why the ledger says so">
      <ul class="facts">
        {reasons.facts.map((fact) => (
          <Fact key={fact.fact} reason={fact} isPinned={pinned === fact.fact} onPoint={onPoint} />
        ))}
      </ul>
    </Panel>
  );
}

const NAMES: Record<Explanation['fact'], string> = {
  state: 'State',
  outcome: 'Outcome',
  startedAt: 'Started',
  endedAt: 'Ended',
  upload: 'Upload',
  certainty: 'Certainty',
};

type FactProps = { reason: Explanation; isPinned: boolean; onPoint: (fact: string | null) => void };

function Fact({ reason, isPinned, onPoint }: FactProps) {
  const { change } = useQuery();
  const { fact, because, evidence, rule } = reason;
  const show = (): void => onPoint(fact);
  const hide = (): void => onPoint(null);
  return (
    <li class={isPinned ? 'fact is-pinned' : 'fact'} onMouseEnter={show} onMouseLeave={hide}>
      <button
        type="button"
        aria-expanded={isPinned}
        onFocus={show}
        onBlur={hide}
        onClick={() => change({ fact: isPinned ? null : fact }, 'replace')}
      >
        <span class="fact-name">{NAMES[fact]}</span> <FactValue reason={reason} />
      </button>
      <p>
        {because}{' '}
        <span class="faint">
          Rule {inWords(rule)}, {evidence.length === 1 ? '1 piece' : `${String(evidence.length)} pieces`} of evidence.
        </span>
      </p>
      {isPinned && evidence.length > 0 && (
        <ul class="evidence" aria-label={`Evidence for ${NAMES[fact].toLowerCase()}`}>
          {evidence.map(({ source, at, what }, index) => (
            <li key={index}>
              <Time at={at} as="ms" /> {source}: {what}
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/;

/** Of an interval both ends; what is unknown stays so. */
function FactValue({ reason: { value, fact } }: { reason: Explanation }) {
  if (value === null) return <strong>unknown</strong>;
  const [from, to] = value.split(' .. ');
  if (from === undefined || (!INSTANT.test(from) && to === undefined)) return <strong>{inWords(value)}</strong>;
  if (to === undefined) {
    return (
      <strong>
        <Time at={from} as="ms" />
      </strong>
    );
  }
  const end = (at: string) => (INSTANT.test(at) ? <Time at={at} as="ms" /> : at);
  return (
    <strong>
      {fact === 'endedAt' ? 'between ' : ''}
      {end(from)} and {end(to)}
    </strong>
  );
}

/** An earlier version keeps what it changed and what led to it, though not the rules of each fact. */
function EarlierReasons({ session, versions }: { session: Session; versions: readonly Version[] }) {
  const version = versions.find((one) => one.version === session.version);
  return (
    <Panel title="What led to this version">
      <p>
        Version {session.version} changed <strong>{version?.changed.join(', ') ?? 'nothing that is kept'}</strong>. The
        rules behind each fact are told for the present version.
      </p>
      <ul class="evidence">
        {version?.because.map(({ source, kind, at }, index) => (
          <li key={index}>
            <Time at={at} as="ms" /> {source}: {inWords(kind)}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
