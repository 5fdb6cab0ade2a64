import { useId, useMemo, useState } from 'preact/hooks';
import { labelOf, labelX, type Mark } from '../picture/marks.js';
import { clockWithMs } from '../state/format.js';
import { Glyph } from './glyph.js';
import { MARK_Y } from './picture-places.js';

export type MarksProps = {
  marks: readonly Mark[];
  width: number;
  evidence: ReadonlySet<number> | null;
  pinned: number | null;
  onPoint: (entries: readonly number[] | null) => void;
  onPin: (mark: Mark | null) => void;
  onZoom: (factor: number | null, mark: Mark | null) => void;
};

/** The marks as one list to walk through: arrows from mark to mark, + and - for the range, 0 for all of it. */
export function Marks({ marks, width, evidence, pinned, onPoint, onPin, onZoom }: MarksProps) {
  const id = useId();
  const [active, setActive] = useState<string | null>(null);
  const inOrder = useMemo(() => marks.toSorted((a, b) => a.x - b.x), [marks]);
  const at = inOrder.findIndex((mark) => mark.id === active);
  const mark = inOrder[at] ?? null;
  const walkTo = (index: number): void => {
    const next = inOrder[Math.min(Math.max(index, 0), inOrder.length - 1)];
    setActive(next?.id ?? null);
    onPoint(next?.entries ?? null);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = KEYS[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act({ walkTo, at, last: inOrder.length - 1, mark, onZoom, onPin });
  };
  return (
    <g
      class={evidence === null ? 'marks' : 'marks has-evidence'}
      role="listbox"
      tabindex={0}
      aria-label="Happenings: arrow keys walk, Enter pins, plus and minus change the range, 0 shows all"
      aria-activedescendant={mark === null ? undefined : `${id}${mark.id}`}
      onKeyDown={onKeyDown}
      onBlur={() => {
        setActive(null);
        onPoint(null);
      }}
      onFocus={() => at === -1 && pinned === null && walkTo(0)}
    >
      {inOrder.map((one) => (
        <MarkSign
          key={one.id}
          id={`${id}${one.id}`}
          mark={one}
          width={width}
          isActive={one.id === active}
          isPinned={pinned !== null && one.entries.includes(pinned)}
          isEvidence={evidence !== null && one.entries.some((index) => evidence.has(index))}
          onPoint={onPoint}
          onPin={onPin}
        />
      ))}
    </g>
  );
}

type Acting = {
  walkTo: (index: number) => void;
  at: number;
  last: number;
  mark: Mark | null;
} & Pick<MarksProps, 'onZoom' | 'onPin'>;

const KEYS: Readonly<Record<string, (acting: Acting) => void>> = {
  ArrowRight: ({ walkTo, at }) => walkTo(at + 1),
  ArrowLeft: ({ walkTo, at }) => walkTo(at - 1),
  Home: ({ walkTo }) => walkTo(0),
  End: ({ walkTo, last }) => walkTo(last),
  Enter: ({ onPin, mark }) => onPin(mark),
  Escape: ({ onPin }) => onPin(null),
  '+': ({ onZoom, mark }) => onZoom(0.5, mark),
  '-': ({ onZoom, mark }) => onZoom(2, mark),
  '0': ({ onZoom }) => onZoom(null, null),
};

type SignProps = Pick<MarksProps, 'width' | 'onPoint' | 'onPin'> & {
  id: string;
  mark: Mark;
  isActive: boolean;
  isPinned: boolean;
  isEvidence: boolean;
};

function MarkSign({ id, mark, width, isActive, isPinned, isEvidence, onPoint, onPin }: SignProps) {
  const { y, rows } = MARK_Y[mark.lane];
  const { x, x1, tone, entries, count, copies, row } = mark;
  const names = ['mark', isActive && 'is-active', isPinned && 'is-pinned', isEvidence && 'is-evidence'];
  return (
    <g
      id={id}
      class={names.filter(Boolean).join(' ')}
      role="option"
      aria-selected={isPinned}
      aria-label={spoken(mark)}
      data-mark=""
      onMouseEnter={() => onPoint(entries)}
      onMouseLeave={() => onPoint(null)}
      onClick={() => onPin(mark)}
    >
      <rect class="target" x={x - 9} y={y - 11} width={Math.max(x1 - x, 0) + 18} height="22" rx="5" />
      {x1 - x > 2 && <path class={`run is-${tone}`} d={`M${x.toFixed(1)} ${String(y)}H${x1.toFixed(1)}`} />}
      <Glyph tone={tone} x={x} y={y} isMany={count > 1 && x1 - x <= 2} />
      {x1 - x > 8 && <Glyph tone={tone} x={x1} y={y} isMany={false} />}
      {entries.length === 1 && copies > 1 && (
        <text class="copies" x={x + 7} y={y - 6}>
          ×{copies}
        </text>
      )}
      {row !== null && (
        <text class="label" x={labelX(mark, width)} y={rows[row]}>
          {labelOf(mark)}
        </text>
      )}
    </g>
  );
}

function spoken(mark: Mark): string {
  const { fromMs, toMs, copies, entries, lane } = mark;
  const until = toMs > fromMs ? ` to ${clockWithMs(toMs)}` : '';
  const again = copies > entries.length ? `, delivered ${String(copies)} times` : '';
  const who = { notices: 'notification', queries: 'query', others: 'told' }[lane];
  return `${who}: ${labelOf(mark)}, ${clockWithMs(fromMs)}${until}${again}`;
}
