import { useState } from 'preact/hooks';
import type { Version } from '../../client/index.js';
import { Time } from '../parts/time.js';
import { useQuery } from '../state/use-query.js';

/** Goes back in time, from version to version: what the ledger knew then. */
export function AsOf({ versions, asOf }: { versions: readonly Version[]; asOf: string | null }) {
  const { change } = useQuery();
  const oldestFirst = versions.toReversed();
  const last = oldestFirst.length - 1;
  const found = asOf === null ? last : oldestFirst.findLastIndex(({ at }) => at <= asOf);
  const [dragged, setDragged] = useState<number | null>(null);
  const index = dragged ?? Math.max(found, 0);
  const version = oldestFirst[index];
  if (version === undefined || last < 1) return null;
  const go = (to: number): void => {
    setDragged(null);
    change({ asOf: to === last ? null : (oldestFirst[to]?.at ?? null) }, 'replace');
  };
  return (
    <div class={asOf === null ? 'as-of' : 'as-of is-past'}>
      <label for="as-of">What the ledger knew</label>
      <input
        id="as-of"
        type="range"
        min={0}
        max={last}
        value={index}
        aria-valuetext={`version ${String(version.version)}, ${version.at}`}
        onInput={({ currentTarget }) => setDragged(Number(currentTarget.value))}
        onChange={({ currentTarget }) => go(Number(currentTarget.value))}
      />
      <output for="as-of">
        version {version.version} of {oldestFirst[last]?.version}, <Time at={version.at} as="ms" />
        {index === last && ' (now)'}
      </output>
      {asOf !== null && (
        <button type="button" onClick={() => go(last)}>
          Back to now
        </button>
      )}
    </div>
  );
}
