import type { TimelineEntry } from '../../client/index.js';
import { Table } from '../parts/table.js';
import { Time } from '../parts/time.js';
import { duration, inWords, number } from '../state/format.js';
import { useQuery } from '../state/use-query.js';

/** A table with more rows than this would make the page slow, and nobody reads on. */
const ROWS = 100;

type TableProps = { entries: readonly TimelineEntry[]; isWhole: boolean; onPin: (index: number) => void };

/** Everything that the picture shows, row by row, in the order in which it happened. */
export function HappeningsTable({ entries, isWhole, onPin }: TableProps) {
  const { query, change } = useQuery();
  const most = Math.max(0, Math.ceil(entries.length / ROWS) - 1);
  const page = Math.min(Math.max(0, Number(query['page'] ?? 0) || 0), most);
  const rows = entries.slice(page * ROWS, (page + 1) * ROWS).map((entry, n) => ({ entry, index: page * ROWS + n }));
  const go = (to: number): void => change({ page: to === 0 ? null : String(to) }, 'replace');
  return (
    <>
      <Table
        label="Happenings"
        rows={rows}
        keyOf={({ index }) => String(index)}
        columns={[
          { name: 'Happened', show: ({ entry }) => <Time at={entry.at} as="ms" /> },
          { name: 'Source', show: ({ entry }) => entry.source },
          {
            name: 'What',
            show: ({ entry, index }) => (
              <button type="button" class="link" onClick={() => onPin(index)}>
                {inWords(entry.kind)}
              </button>
            ),
          },
          { name: 'No.', isNumber: true, show: ({ entry }) => entry.sequence },
          { name: 'Recorder', show: ({ entry }) => entry.uid },
          { name: 'Came', show: ({ entry }) => cameAfter(entry) },
          { name: 'Times', isNumber: true, show: ({ entry }) => timesOf(entry) },
        ]}
      />
      <p class="pages">
        {number(entries.length)} happenings{isWhole ? '' : ' so far'}
        {most > 0 && (
          <>
            , page {page + 1} of {most + 1}{' '}
            <button type="button" disabled={page === 0} onClick={() => go(page - 1)}>
              Earlier
            </button>{' '}
            <button type="button" disabled={page === most} onClick={() => go(page + 1)}>
              Later
            </button>
          </>
        )}
      </p>
    </>
  );
}

function cameAfter({ at, receivedAt }: TimelineEntry): string {
  return `after ${duration(Date.parse(receivedAt) - Date.parse(at))}`;
}

function timesOf(entry: TimelineEntry): number {
  return entry.source === 'query' ? entry.details.count : entry.deliveries;
}
