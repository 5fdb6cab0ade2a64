import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { identityScopeOfApp } from '../../config/accounts.js';
import type { Config } from '../../config/parse-config.js';
import { instantText } from '../../http/api/parse-request.js';
import { foldAll } from '../../ledger/fold-all.js';
import type { FoldContext } from '../../ledger/fold-context.js';
import { takeInRecorded, type RecordedNotice } from '../../ledger/take-in-recorded.js';
import { print } from '../with-config.js';

/** A line of exported notifications; what else is in it repeats what the body says. */
const exported = z.object({
  appId: z.string().min(1),
  raw: z.string(),
  receivedAt: instantText,
  again: z.array(z.object({ receivedAt: instantText, noticeId: z.string().nullable() })).nullish(),
});

const AT_ONCE = 200;

/** Whether the file is an export: its lines say when they were received. */
export async function isExport(file: string): Promise<boolean> {
  for await (const line of linesOf(file)) return exported.safeParse(jsonOf(line)).success;
  return false;
}

/** Straight into the database: the receiver would take each for received now. */
export async function replayExport(context: FoldContext, { accounts }: Config, file: string): Promise<void> {
  const scopeOf = identityScopeOfApp(accounts);
  const sum = { taken: 0, known: 0, unreadable: 0, refused: 0 };
  const store = async (batch: readonly RecordedNotice[]): Promise<void> => {
    const { taken, known, unreadable } = await takeInRecorded(context, batch, scopeOf);
    sum.taken += taken;
    sum.known += known;
    sum.unreadable += unreadable;
  };
  let batch: RecordedNotice[] = [];
  let number = 0;
  for await (const line of linesOf(file)) {
    number += 1;
    if (line.trim() === '') continue;
    const read = exported.safeParse(jsonOf(line));
    if (!read.success) {
      sum.refused += 1;
      print(
        `Line ${String(number)}: ${read.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; ')}`,
      );
      continue;
    }
    batch.push(toRecorded(read.data));
    if (batch.length < AT_ONCE) continue;
    await store(batch);
    batch = [];
  }
  await store(batch);
  await foldAll(context);
  print(
    `${String(sum.taken)} notifications taken in, ${String(sum.known)} were known, ${String(sum.unreadable)} are in quarantine, ${String(sum.refused)} lines refused.`,
  );
  if (sum.refused > 0) process.exitCode = 1;
}

function toRecorded({ appId, raw, receivedAt, again }: z.infer<typeof exported>): RecordedNotice {
  const repetitions = (again ?? []).map((time) => ({ receivedMs: time.receivedAt, noticeId: time.noticeId }));
  return { appId, raw, receivedMs: receivedAt, again: repetitions };
}

function linesOf(file: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(file), crlfDelay: Infinity });
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
