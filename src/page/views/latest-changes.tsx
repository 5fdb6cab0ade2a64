import { useEffect, useState } from 'preact/hooks';
import type { Change } from '../../client/index.js';
import { Panel } from '../parts/panel.js';
import { sessionAddress } from '../parts/search.js';
import { StatePill } from '../parts/state-pill.js';
import { Time } from '../parts/time.js';
import { onChange } from '../state/live.js';

const SHOWN = 8;

/** The newest versions of sessions as they are made. */
export function LatestChanges() {
  const [changes, setChanges] = useState<readonly Change[]>([]);
  useEffect(() => onChange((change) => setChanges((before) => [change, ...before].slice(0, SHOWN))), []);
  return (
    <Panel title="Happening now">
      {changes.length === 0 && <p class="empty">Nothing has changed since you opened this.</p>}
      <ul class="changes">
        {changes.map(({ cursor, sid, at, version, session }) => (
          <li key={cursor}>
            <Time at={at} as="clock" /> <StatePill state={session.state} outcome={session.outcome} />{' '}
            <a href={sessionAddress(sid)}>{session.cname ?? sid}</a> <span class="faint">version {version}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
