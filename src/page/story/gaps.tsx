import type { Gap } from '../../client/index.js';
import { Panel } from '../parts/panel.js';
import { Table } from '../parts/table.js';
import { Time } from '../parts/time.js';

const SETTLED = { notice: 'came late after all', query: 'covered by a query' };

/** Which numbered notifications did not come in their turn, and how that was settled. */
export function Gaps({ gaps }: { gaps: readonly Gap[] }) {
  return (
    <Panel title="Gaps" aside={gaps.length === 0 ? undefined : String(gaps.length)}>
      {gaps.length === 0 && <p class="empty">No number of a notification is missing.</p>}
      {gaps.length > 0 && (
        <Table
          label="Gaps"
          rows={gaps}
          keyOf={({ uid, serviceType, from }) => `${uid} ${String(serviceType)} ${String(from)}`}
          columns={[
            { name: 'Numbers', show: ({ from, to }) => (from === to ? String(from) : `${String(from)}–${String(to)}`) },
            { name: 'Recorder', show: ({ uid }) => uid },
            { name: 'Noticed', show: ({ openedAt }) => <Time at={openedAt} as="ms" /> },
            { name: 'Settled', show: ({ settledBy }) => (settledBy === null ? 'open' : SETTLED[settledBy]) },
          ]}
        />
      )}
    </Panel>
  );
}
