import type { Db } from '../src/db/connection/database.js';
import { unixMs } from '../src/evidence/instant.js';
import type { FoldContext } from '../src/ledger/fold-context.js';
import { defaultRules } from './default-rules.js';

/** What folding needs, in a benchmark's own process: a session that cannot be folded ends it. */
export function foldContextOf(db: Db): FoldContext {
  return {
    db,
    rules: { ...defaultRules(), accountOf: () => null },
    now: () => unixMs(Date.now()),
    shard: 0,
    stopping: new AbortController().signal,
    pressure: () => 'none',
    onSetAside: (_sid, error) => {
      throw error;
    },
    onSaved: () => undefined,
  };
}
