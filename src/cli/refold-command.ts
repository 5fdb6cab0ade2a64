import { Command } from 'commander';
import { listSidsWithEvidence } from '../db/sessions/list-sids.js';
import { refoldSession, type RefoldChange } from '../ledger/fold-sessions.js';
import type { FoldContext } from '../ledger/fold-context.js';
import { differences } from './differences.js';
import { orExplain, print } from './with-config.js';
import { withLedger } from './with-ledger.js';

const PAGE = 500;

export function refoldCommand(): Command {
  return new Command('refold')
    .description('fold all evidence again, after a change to a decoder or a rule; evidence stays as it is')
    .option('--sid <sid>', 'one session only')
    .action(({ sid }: { sid?: string }) =>
      orExplain(() => withLedger((context) => (sid === undefined ? refoldAll(context) : refoldOne(context, sid)))),
    );
}

async function refoldOne(context: FoldContext, sid: string): Promise<void> {
  const change = await refoldSession(context, sid);
  if (change !== null) report(change);
  print(change === null ? 'The session reads as before.' : 'The session was changed.');
}

async function refoldAll(context: FoldContext): Promise<void> {
  let [sessions, changed, after] = [0, 0, ''];
  for (;;) {
    const sids = await listSidsWithEvidence(context.db, after, PAGE);
    for (const sid of sids) {
      const change = await refoldSession(context, sid);
      sessions += 1;
      if (change === null) continue;
      changed += 1;
      report(change);
    }
    after = sids.at(-1) ?? after;
    if (sids.length < PAGE) break;
  }
  print(`${String(sessions)} sessions refolded, ${String(changed)} changed.`);
}

function report({ before, after }: NonNullable<RefoldChange>): void {
  for (const line of differences(before, after)) print(`${after.sid}  ${line}`);
}
