import type { Version } from '../../client/index.js';
import { Panel } from '../parts/panel.js';
import { Table } from '../parts/table.js';
import { Time } from '../parts/time.js';
import { inWords } from '../state/format.js';

/** Every version, newest first, with what it changed and what led to it. */
export function Versions({ versions }: { versions: readonly Version[] }) {
  return (
    <Panel title="Versions" aside={String(versions.length)}>
      <Table
        label="Versions"
        rows={versions}
        keyOf={({ version }) => String(version)}
        columns={[
          { name: 'Version', isNumber: true, show: ({ version }) => version },
          { name: 'Made', show: ({ at }) => <Time at={at} as="ms" /> },
          { name: 'Changed', show: ({ changed }) => <span class="wrap">{changed.join(', ')}</span> },
          { name: 'Because of', show: ({ because }) => becauseOf(because) },
        ]}
      />
    </Panel>
  );
}

const MOST_NAMED = 4;

function becauseOf(because: Version['because']): string {
  const named = because.slice(0, MOST_NAMED).map(({ source, kind }) => `${source}: ${inWords(kind)}`);
  const more = because.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}
