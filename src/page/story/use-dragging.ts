import { useState } from 'preact/hooks';

type Handlers = {
  onPointerDown: (event: PointerEvent) => void;
  onPointerMove: (event: PointerEvent) => void;
  onPointerUp: (event: PointerEvent) => void;
  onPointerCancel: () => void;
};

/** Shorter, it was a click with an unsteady hand. */
const LEAST_PX = 8;

/** A range that is chosen by dragging over an element; scrolling and pinching are left to the browser. */
export function useDragging(choose: (x0: number, x1: number) => void): [readonly [number, number] | null, Handlers] {
  const [dragged, setDragged] = useState<{ from: number; to: number } | null>(null);
  const xOf = (event: PointerEvent): number =>
    event.clientX - (event.currentTarget as Element).getBoundingClientRect().left;
  const end = (event: PointerEvent): void => {
    setDragged(null);
    if (dragged === null) return;
    const [x0, x1] = inOrder({ ...dragged, to: xOf(event) });
    if (x1 - x0 >= LEAST_PX) choose(x0, x1);
  };
  const handlers: Handlers = {
    onPointerDown: (event) => {
      if (event.button !== 0 || event.pointerType === 'touch') return;
      setDragged({ from: xOf(event), to: xOf(event) });
    },
    onPointerMove: (event) => {
      if (dragged !== null) setDragged({ ...dragged, to: xOf(event) });
    },
    onPointerUp: end,
    onPointerCancel: () => setDragged(null),
  };
  const shown = dragged === null ? null : inOrder(dragged);
  return [shown !== null && shown[1] - shown[0] >= LEAST_PX ? shown : null, handlers];
}

function inOrder({ from, to }: { from: number; to: number }): readonly [number, number] {
  return from < to ? [from, to] : [to, from];
}
