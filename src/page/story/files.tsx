import type { RecordedFile, Session } from '../../client/index.js';
import { Panel } from '../parts/panel.js';
import { Table } from '../parts/table.js';
import { Time } from '../parts/time.js';
import { inWords } from '../state/format.js';

type FilesProps = { files: readonly RecordedFile[]; upload: Session['upload'] };

/** What was recorded, and where it lies: the names are paths in the storage that `start` named. */
export function Files({ files, upload }: FilesProps) {
  return (
    <Panel title="Files" aside={`upload: ${inWords(upload.state)}`}>
      {files.length === 0 && <p class="empty">No source has named a file.</p>}
      {files.length > 0 && (
        <Table
          label="Files"
          rows={files}
          keyOf={({ name }) => name}
          columns={[
            { name: 'Name in the storage', show: ({ name }) => <span class="mono">{name}</span> },
            { name: 'Kind', show: ({ kind }) => kind },
            { name: 'Holds', show: ({ trackType, uid }) => holds(trackType, uid) },
            { name: 'From', show: ({ sliceStartedAt }) => <Time at={sliceStartedAt} as="clock" /> },
            { name: 'Named by', show: ({ sources }) => sources.join(', ') },
          ]}
        />
      )}
    </Panel>
  );
}

function holds(trackType: string | null, uid: string | null): string {
  const what = trackType === null ? '' : inWords(trackType);
  return uid === null || uid === '0' ? what : `${what} of user ${uid}`.trim();
}
