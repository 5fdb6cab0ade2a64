import type { Explanation, TimelineEntry } from '../../client/index.js';

type Reference = Explanation['evidence'][number];

/** Which entries of the timeline a fact rests on, by their index. A run of queries counts with each of its times. */
export function entriesBehind(evidence: readonly Reference[], timeline: readonly TimelineEntry[]): Set<number> {
  const found = new Set<number>();
  for (const reference of evidence) {
    for (const [index, entry] of timeline.entries()) if (tells(entry, reference)) found.add(index);
  }
  return found;
}

function tells(entry: TimelineEntry, { source, at }: Reference): boolean {
  if (entry.source !== source) return false;
  if (entry.source !== 'query') return entry.at === at;
  return entry.at <= at && at <= entry.details.lastAnsweredAt;
}
