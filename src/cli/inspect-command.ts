import { Command } from 'commander';
import { loadEvidence } from '../db/evidence/load-evidence.js';
import { loadSessions } from '../db/sessions/sessions.js';
import type { FoldContext } from '../ledger/fold-context.js';
import { sessionResponse } from '../http/api/session-response.js';
import { timelineDetails } from '../http/api/timeline-response.js';
import { explain } from '../sessions/views/explain.js';
import { inferences } from '../sessions/views/inferences.js';
import { buildTimeline } from '../sessions/views/timeline.js';
import { orExplain, print } from './with-config.js';
import { withLedger } from './with-ledger.js';

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('show a session, the reasons for its state, and its timeline')
    .argument('<sid>')
    .action((sid: string) => orExplain(() => withLedger((context) => inspect(context, sid))));
}

async function inspect({ db, rules, now }: FoldContext, sid: string): Promise<void> {
  const stored = (await loadSessions(db.pool, [sid])).get(sid);
  if (stored === undefined) throw new Error(`No session ${sid} is known.`);
  print(JSON.stringify(sessionResponse(stored, now(), rules), null, 2));
  print('\nWhy:');
  for (const { fact, value, because } of explain(stored.facts, rules)) {
    print(`  ${fact} = ${value ?? 'unknown'}\n    ${because}`);
  }
  print('\nWhat happened:');
  for (const entry of buildTimeline(await loadEvidence(db.pool, sid), inferences(stored.facts, rules))) {
    const at = new Date(entry.atMs).toISOString();
    print(`  ${at}  ${entry.source.padEnd(12)} ${entry.kind}  ${JSON.stringify(timelineDetails(entry.details))}`);
  }
}
