import { useMemo, useState } from 'preact/hooks';
import { LedgerError, type TimelineEntry } from '../../client/index.js';
import { happeningOf } from '../picture/happenings.js';
import { entriesBehind } from '../picture/matches.js';
import { storyOf } from '../picture/layout.js';
import { Panel, Read } from '../parts/panel.js';
import { useQuery } from '../state/use-query.js';
import { AsOf } from './as-of.js';
import { Facts } from './facts.js';
import { Files } from './files.js';
import { Findings } from './findings.js';
import { Gaps } from './gaps.js';
import { HappeningsTable } from './happenings-table.js';
import { MarkDetail } from './mark-detail.js';
import { PicturePanel } from './picture-panel.js';
import { StoryHead } from './story-head.js';
import { Versions } from './versions.js';
import { useStory, useTimeline, type StoryParts, type TimelinePart } from './use-story.js';

/** The story of one session: what was said, what was concluded, and why. */
export function StoryView({ sid }: { sid: string }) {
  const { query } = useQuery();
  const asOf = query['asOf'] ?? null;
  const answer = useStory(sid, asOf);
  const timeline = useTimeline(sid, answer.value?.session.version, asOf);
  if (answer.error instanceof LedgerError && answer.error.status === 404) return <Unknown sid={sid} asOf={asOf} />;
  return <Read answer={answer}>{(parts) => <Story sid={sid} parts={parts} timeline={timeline} asOf={asOf} />}</Read>;
}

function Unknown({ sid, asOf }: { sid: string; asOf: string | null }) {
  return (
    <div class="unknown">
      <h1>Session {sid}</h1>
      <p class="empty">
        {asOf === null
          ? 'The ledger knows no such session: nobody registered it, and no notification has come about it.'
          : `At ${asOf} the ledger knew nothing of it yet.`}
      </p>
      {asOf !== null && <a href={`/sessions/${encodeURIComponent(sid)}`}>What it knows now</a>}
    </div>
  );
}

type StoryProps = { sid: string; parts: StoryParts; timeline: TimelinePart; asOf: string | null };

function Story({ sid, parts, timeline, asOf }: StoryProps) {
  const { query, change } = useQuery();
  const { session, reasons, versions, concluded, gaps, files, streams } = parts;
  const { entries } = timeline;
  const [pointedFact, pointAtFact] = useState<string | null>(null);
  const [pointed, pointAt] = useState<readonly number[] | null>(null);
  const fact = pointedFact ?? query['fact'] ?? null;
  const happenings = useMemo(() => entries.map(happeningOf), [entries]);
  const story = useMemo(
    () => storyOf({ session, timeline: entries, happenings, versions: concluded, gaps, streams }),
    [session, entries, happenings, concluded, gaps, streams],
  );
  const evidence = useMemo(() => {
    const reason = reasons?.facts.find((one) => one.fact === fact);
    return reason === undefined ? null : entriesBehind(reason.evidence, entries);
  }, [fact, reasons, entries]);
  const pinned = useMemo(() => pinnedEntry(entries, query), [entries, query]);
  const shown = pointed ?? (pinned === null ? null : [pinned]);
  const pin = (index: number | null): void => {
    const entry = index === null ? undefined : entries[index];
    change({ at: entry?.at ?? null, kind: entry?.kind ?? null, n: entry?.sequence?.toString() ?? null }, 'replace');
  };
  return (
    <article class="story">
      <StoryHead session={session} timeline={timeline} parts={parts} />
      <AsOf versions={versions} asOf={asOf} />
      <PicturePanel
        story={story}
        timeline={timeline}
        evidence={evidence}
        pinned={pinned}
        onPoint={pointAt}
        onPin={pin}
        detail={<MarkDetail sid={sid} entries={entries} shown={shown} onPin={pin} />}
      />
      <div class="columns">
        <Facts
          session={session}
          reasons={reasons}
          versions={versions}
          pinned={query['fact'] ?? null}
          onPoint={pointAtFact}
        />
        <div class="column">
          <Findings findings={session.findings} />
          <Gaps gaps={gaps} />
        </div>
      </div>
      <Files files={files} upload={session.upload} />
      <Versions versions={versions} />
      <Panel title="The same as a table">
        <HappeningsTable entries={entries} isWhole={timeline.isWhole} onPin={pin} />
      </Panel>
    </article>
  );
}

/** The entry that the address names, by when it happened and what it is. */
function pinnedEntry(entries: readonly TimelineEntry[], query: Readonly<Record<string, string>>): number | null {
  const { at, kind, n } = query;
  if (at === undefined) return null;
  const fits = (entry: TimelineEntry): boolean =>
    entry.at === at && (kind === undefined || entry.kind === kind) && (n === undefined || String(entry.sequence) === n);
  const found = entries.findIndex(fits);
  return found === -1 ? null : found;
}
