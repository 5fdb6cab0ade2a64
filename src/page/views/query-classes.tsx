import { Meter } from '../parts/meter.js';
import { Panel, Read } from '../parts/panel.js';
import { inWords, number } from '../state/format.js';
import { useAnswer } from '../state/use-answer.js';

const EVERY_MS = 10_000;

/** What queries were for. Each process counts its own, so this is told of the one that serves the page. */
export function QueryClasses() {
  const answer = useAnswer(readClasses, [], EVERY_MS);
  return (
    <Panel title="What queries were for" aside="of this process, since it started">
      <Read
        answer={answer}
        empty={(classes) =>
          classes.length === 0
            ? 'This process has asked nothing; where jobs run in another one, its metrics tell.'
            : null
        }
      >
        {(classes) => {
          const sum = classes.reduce((total, { queries }) => total + queries, 0);
          return classes.map(({ name, queries }) => (
            <Meter key={name} label={inWords(name)} value={queries} most={sum} says={number(queries)} />
          ));
        }}
      </Read>
    </Panel>
  );
}

const LINE = /^recording_ledger_queries_total\{(.*)\} (\d+)/;

async function readClasses(signal: AbortSignal): Promise<{ name: string; queries: number }[]> {
  const response = await fetch('/metrics', { signal });
  if (!response.ok) throw new Error(`The metrics answered ${String(response.status)}.`);
  const sums = new Map<string, number>();
  for (const line of (await response.text()).split('\n')) {
    const [, labels = '', count = '0'] = LINE.exec(line) ?? [];
    const name = /class="([^"]*)"/.exec(labels)?.[1];
    if (name !== undefined) sums.set(name, (sums.get(name) ?? 0) + Number(count));
  }
  return [...sums].map(([name, queries]) => ({ name, queries })).sort((a, b) => b.queries - a.queries);
}
