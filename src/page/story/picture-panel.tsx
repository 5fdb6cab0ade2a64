import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { layoutPicture, type Picture, type Range, type Story } from '../picture/layout.js';
import type { Mark } from '../picture/marks.js';
import { Panel } from '../parts/panel.js';
import { day, number } from '../state/format.js';
import { useQuery } from '../state/use-query.js';
import { Legend } from './legend.js';
import { PictureOfTime } from './picture-of-time.js';
import type { TimelinePart } from './use-story.js';
import { useWidth } from './use-width.js';

type PanelProps = {
  story: Story;
  timeline: TimelinePart;
  /** Entries that a fact rests on, while one is pointed at. */
  evidence: ReadonlySet<number> | null;
  pinned: number | null;
  onPoint: (entries: readonly number[] | null) => void;
  onPin: (index: number | null) => void;
  detail: ComponentChildren;
};

/** The picture, its range, and what is pointed at in it. */
export function PicturePanel({ story, timeline, evidence, pinned, onPoint, onPin, detail }: PanelProps) {
  const { query, change } = useQuery();
  const [frame, width] = useWidth<HTMLDivElement>();
  const range = rangeOf(query);
  const picture = useMemo(
    () => (width === 0 || story.points.length === 0 ? null : layoutPicture(story, range, width)),
    [story, width, range.fromMs, range.toMs],
  );
  const choose = ({ fromMs, toMs }: Range): void => {
    change({ from: isoOrNull(fromMs), to: isoOrNull(toMs) }, 'replace');
  };
  const isWhole = range.fromMs === null && range.toMs === null;
  return (
    <Panel title="What happened" class="picture-panel" aside={picture === null ? undefined : day(picture.fromMs)}>
      <div class="range">
        <button type="button" onClick={() => picture && choose(zoom(picture, 0.5, null))}>
          Zoom in
        </button>
        <button type="button" onClick={() => picture && choose(zoom(picture, 2, null))} disabled={isWhole}>
          Zoom out
        </button>
        <button type="button" onClick={() => choose({ fromMs: null, toMs: null })} disabled={isWhole}>
          Whole session
        </button>
        <span class="faint">
          {number(timeline.entries.length)} happenings{timeline.isWhole ? '' : ', more are being read…'}
        </span>
      </div>
      {timeline.error !== null && (
        <p class="trouble" role="alert">
          Not all happenings could be read: {timeline.error.message}
        </p>
      )}
      <div class="picture-frame" ref={frame}>
        {picture !== null && (
          <PictureOfTime
            picture={picture}
            evidence={evidence}
            pinned={pinned}
            onPoint={onPoint}
            onPin={(mark) => onPin(mark?.entries[0] ?? null)}
            onRange={choose}
            onZoom={(factor, mark) => choose(factor === null ? WHOLE : zoom(picture, factor, mark))}
          />
        )}
      </div>
      <Legend />
      {detail}
    </Panel>
  );
}

const WHOLE: Range = { fromMs: null, toMs: null };

function rangeOf(query: Readonly<Record<string, string>>): Range {
  const { from = '', to = '' } = query;
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  return { fromMs: Number.isNaN(fromMs) ? null : fromMs, toMs: Number.isNaN(toMs) ? null : toMs };
}

function isoOrNull(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString();
}

const SHORTEST_MS = 20;

/** Around the mark, or else the middle as it is seen: half of what is drawn, or twice that. */
function zoom({ scale, width, fromMs, toMs }: Picture, factor: number, mark: Mark | null): Range {
  const middle = mark === null ? width / 2 : (mark.x + mark.x1) / 2;
  if (factor > 1) {
    const more = Math.max(toMs - fromMs, SHORTEST_MS) / 2;
    return { fromMs: Math.round(fromMs - more), toMs: Math.round(toMs + more) };
  }
  const half = (width * factor) / 2;
  const [begin, end] = [scale.atOf(Math.max(0, middle - half)), scale.atOf(Math.min(width, middle + half))];
  if (end - begin < SHORTEST_MS) return { fromMs, toMs };
  return { fromMs: Math.floor(begin), toMs: Math.ceil(end) };
}
