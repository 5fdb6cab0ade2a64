import { Command } from 'commander';
import type { FoldContext } from '../../ledger/fold-context.js';
import { foldAll } from '../../ledger/fold-all.js';
import { registerAll } from '../../ledger/register.js';
import { orExplain, print } from '../with-config.js';
import { withLedger } from '../with-ledger.js';
import { readImport, type ImportLine } from './import-rows.js';

export function importCommand(): Command {
  return new Command('import')
    .description('register recordings that run already or ran before, in bulk')
    .argument(
      '<file>',
      'CSV with a header row (sid,appId,resourceId,mode,cname,uid,startedAt,resourceExpiredHour), or .ndjson',
    )
    .addHelpText(
      'after',
      '\nReads what "recording-ledger export --what sessions" wrote too. Running it again changes nothing. Each refused line is named; the exit code is 1 if there was one.',
    )
    .action((file: string) => orExplain(() => withLedger((context) => importFrom(context, file))));
}

type Accepted = Extract<ImportLine, { kind: 'registration' }>;

const AT_ONCE = 500;

async function importFrom(context: FoldContext, file: string): Promise<void> {
  const counts = { created: 0, added: 0, same: 0, unregistered: 0, refused: 0 };
  const refuse = (line: number, reason: string): void => {
    counts.refused += 1;
    print(`Line ${String(line)}: ${reason}`);
  };
  let batch: Accepted[] = [];
  const store = async (): Promise<void> => {
    const results = await registerAll(
      context,
      batch.map(({ registration }) => registration),
    );
    for (const [n, result] of results.entries()) {
      if (result.kind === 'contradicts') refuse(batch[n]?.line ?? 0, contradiction(result.fields));
      else counts[result.kind === 'replaced' ? 'added' : result.kind] += 1;
    }
    batch = [];
  };
  for await (const line of readImport(file, context.now())) {
    if (line.kind === 'refused') refuse(line.line, line.reason);
    else if (line.kind === 'unregistered') counts.unregistered += 1;
    else if (batch.push(line) >= AT_ONCE) await store();
  }
  await store();
  await foldAll(context);
  const { created, added, same, unregistered, refused } = counts;
  print(
    `${String(created)} registered, ${String(added)} completed, ${String(same)} were registered so already, ${String(refused)} refused.`,
  );
  if (unregistered > 0)
    print(`${String(unregistered)} exported sessions had never been registered, and were left out.`);
  if (refused > 0) process.exitCode = 1;
}

function contradiction(fields: readonly string[]): string {
  return `${fields.join(', ')}: contradicts what was registered before`;
}
