import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { unixMs } from '../../../src/evidence/instant.js';
import { encodeEntry, readEntries, type KeptCall } from '../../../src/passing/journal-entry.js';
import { openJournal } from '../../../src/passing/journal.js';
import { createTestFolder } from '../../support/folder.js';

const when = { calledMs: unixMs(1_000), answeredMs: unixMs(2_000), httpStatus: 200 };

function startOf(sid: string): KeptCall {
  const session = { appId: 'app', resourceId: 'resource', sid, mode: 'mix' as const, cname: 'room', uid: '7' };
  return {
    callId: randomUUID(),
    account: 'a',
    clockEra: 1,
    told: { kind: 'started', ...when, ...session, storage: null },
  };
}

describe('what the journal of a killed process says', () => {
  const call = startOf('sid');
  const kept = encodeEntry({ kind: 'kept', call });

  it('is that an answer was not heard, where the kill came before it was written', () => {
    expect(readEntries(kept)).toEqual([{ ...call, heard: false }]);
  });

  it('is that an answer was heard, where the kill came after it was written and before it was evidence', () => {
    const settled = encodeEntry({ kind: 'settled', callId: call.callId, heard: true });
    expect(readEntries(Buffer.concat([kept, settled]))).toEqual([{ ...call, heard: true }]);
  });

  it('is nothing of a call that is evidence already', () => {
    expect(readEntries(Buffer.concat([kept, encodeEntry({ kind: 'done', callId: call.callId })]))).toEqual([]);
  });

  it('leaves out a last line that the kill cut off, wherever it did, and keeps those before', () => {
    const next = encodeEntry({ kind: 'kept', call: startOf('next') });
    for (let length = 0; length < next.length - 1; length += 1) {
      expect(readEntries(Buffer.concat([kept, next.subarray(0, length)]))).toHaveLength(1);
    }
  });
});

describe('a journal', () => {
  it('has on disk what it keeps before it says so, and is ready with it once it is settled', async () => {
    const folder = await createTestFolder('journal-');
    const path = join(folder, 'one.calls');
    const journal = openJournal(path, 1_000_000, fail);
    const call = startOf('sid');
    expect(journal.keep(call)).toBe('kept');
    expect(readEntries(readFileSync(path))).toEqual([{ ...call, heard: false }]);
    expect(journal.first()).toBeNull();
    journal.settle(call.callId, true);
    expect(journal.first()).toEqual({ ...call, heard: true });
    journal.done(call.callId);
    expect(journal.first()).toBeNull();
    await journal.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says that it is full, and keeps what it has', async () => {
    const path = join(await createTestFolder('journal-'), 'one.calls');
    const journal = openJournal(path, 1, fail);
    const first = startOf('first');
    expect([journal.keep(first), journal.keep(startOf('second'))]).toEqual(['kept', 'full']);
    await journal.close();
    expect(readEntries(readFileSync(path))).toEqual([{ ...first, heard: false }]);
  });
});

function fail(error: unknown): void {
  throw error;
}
