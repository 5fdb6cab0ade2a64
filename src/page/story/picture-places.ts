import type { Lane } from '../picture/happenings.js';

/** Where lanes lie in the picture, in px from its top. */
export const LANES = [
  { name: 'what notifications said', y: 36 },
  { name: 'what the ledger concluded', y: 129 },
  { name: 'what queries said', y: 176 },
  { name: 'what else was told or concluded', y: 240 },
] as const;

export const ROW_PX = 30;

/** The middle of the marks of a lane, and the baseline of each row of labels. */
export const MARK_Y: Record<Lane, { y: number; rows: readonly number[] }> = {
  notices: { y: 105, rows: [90, 76, 62] },
  queries: { y: 192, rows: [212, 226] },
  others: { y: 256, rows: [275] },
};

export function pictureHeight(rows: number): number {
  return LANES[3].y + 42 + rows * ROW_PX + 16;
}
