import { Command, InvalidArgumentError } from 'commander';
import { findVersionAt, listVersions } from '../db/sessions/changes.js';
import { loadEvidence } from '../db/evidence/load-evidence.js';
import { loadSessions } from '../db/sessions/sessions.js';
import { iso, unixMs, type UnixMs } from '../evidence/instant.js';
import type { FoldContext } from '../ledger/fold-context.js';
import { sessionResponse } from '../http/api/session-response.js';
import { timelineDetails } from '../http/api/timeline-response.js';
import { learnedMs } from '../sessions/facts/fold.js';
import { explain } from '../sessions/views/explain.js';
import { inferences } from '../sessions/views/inferences.js';
import { buildTimeline, type TimelineEntry } from '../sessions/views/timeline.js';
import { orExplain, print } from './with-config.js';
import { withLedger } from './with-ledger.js';

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('show a session, the reasons for its state, and its timeline')
    .argument('<sid>')
    .option('--as-of <instant>', 'as the ledger knew it then, as in 2026-11-21T10:32:00Z', instant)
    .action((sid: string, { asOf }: { asOf?: UnixMs }) =>
      orExplain(() =>
        withLedger((context) => (asOf === undefined ? inspect(context, sid) : inspectAsOf(context, sid, asOf))),
      ),
    );
}

function instant(text: string): UnixMs {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new InvalidArgumentError('It is an instant, as in 2026-11-21T10:32:00Z.');
  return unixMs(ms);
}

async function inspect({ db, rules, now }: FoldContext, sid: string): Promise<void> {
  const stored = (await loadSessions(db.pool, [sid])).get(sid);
  if (stored === undefined) throw new Error(`No session ${sid} is known.`);
  print(JSON.stringify(sessionResponse(stored, now(), rules), null, 2));
  print('\nWhy:');
  for (const { fact, value, because } of explain(stored.facts, rules)) {
    print(`  ${fact} = ${value ?? 'unknown'}\n    ${because}`);
  }
  printTimeline(buildTimeline(await loadEvidence(db.pool, sid), inferences(stored.facts, rules)));
}

/** The version at that time, the evidence that had led to it, and the timeline as far as it was known. */
async function inspectAsOf({ db, rules }: FoldContext, sid: string, asOfMs: UnixMs): Promise<void> {
  const then = await findVersionAt(db.pool, sid, asOfMs);
  if (then === null) throw new Error(`Nothing was known of session ${sid} at ${iso(asOfMs)}.`);
  const { session, version, atMs } = then;
  print(JSON.stringify(sessionResponse({ session, version, updatedMs: atMs }, asOfMs, rules), null, 2));
  const [note] = await listVersions(db.pool, sid, version + 1, 1);
  print(`\nVersion ${String(version)}, of ${iso(atMs)}: ${note?.changed.join(', ') ?? ''}`);
  for (const { source, kind, atMs: at, receivedMs } of note?.because ?? []) {
    print(`  ${iso(at)}  ${source.padEnd(12)} ${kind}, received ${iso(receivedMs)}`);
  }
  const evidence = await loadEvidence(db.pool, sid);
  printTimeline(buildTimeline(evidence.filter((piece) => learnedMs(piece) <= asOfMs)));
}

function printTimeline(entries: readonly TimelineEntry[]): void {
  print('\nWhat happened:');
  for (const entry of entries) {
    print(`  ${iso(entry.atMs)}  ${entry.source.padEnd(12)} ${entry.kind}  ${JSON.stringify(timelineDetails(entry))}`);
  }
}
