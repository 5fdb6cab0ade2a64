import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { CallClient, OutgoingCall, SentCall } from '../agora/call-client.js';
import { decodeCall } from '../agora/decode-call.js';
import type { HostRotation } from '../agora/host-rotation.js';
import type { CalledMethod } from '../agora/read-call.js';
import { heldAfterMs } from '../asking/slot-times.js';
import type { CallSlot } from './call-slots.js';
import type { Dating } from './dating.js';
import type { Journal } from './journal.js';

/** A call as it came, ready to be sent. `method` is null for an address that means nothing here. */
export type Call = OutgoingCall & { account: string; appId: string; calls: CalledMethod | null };

export type AnsweredCall = {
  kind: 'answered';
  status: number;
  statusText: string;
  headers: readonly string[];
  /** Whole where it was read for what it tells; else it comes as it comes. */
  body: Buffer | Readable;
  /** To be called once: whether it was written to whoever had called, or they were gone before. */
  settle: (heard: boolean) => void;
};

export type PassedAnswer =
  | AnsweredCall
  /** No slot became free in time. */
  | { kind: 'no_slot' }
  /** Nothing was sent: no base URL can be reached. */
  | { kind: 'unreachable' }
  /** It was sent, and no whole answer came: what became of it is not known. */
  | { kind: 'broken' | 'too_slow' }
  | { kind: 'too_large' };

export type PassContext = {
  client: CallClient;
  hosts: HostRotation;
  baseUrls: readonly string[];
  slots: { take: (account: string, appId: string, patienceMs: number) => Promise<CallSlot | 'late'> };
  maxWaitMs: number;
  timeoutMs: number;
  journal: Journal;
  dating: Dating;
  /** An entry of the journal is ready. */
  onReady: () => void;
  onAnswered: (account: string, call: CalledMethod | null, status: number) => void;
  /** What a call told could not be kept; its answer goes out all the same. */
  onNotKept: (error: unknown) => void;
};

/** Of an answer that is read before it goes on. */
export const LARGEST_ANSWER = 1_048_576;

/**
 * Passes a call on: waits for a slot, sends it once, and keeps what it told before its answer goes out. Another
 * base URL is tried only where nothing was sent.
 */
export async function passCall(context: PassContext, call: Call): Promise<PassedAnswer> {
  const slot = await context.slots.take(call.account, call.appId, context.maxWaitMs);
  if (slot === 'late') return { kind: 'no_slot' };
  const calledAt = performance.now();
  const sent = await sendToAny(context, call, slot.leaveBy);
  slot.release(heldAfterMs(sent.kind, context.timeoutMs));
  switch (sent.kind) {
    case 'never_left':
      return { kind: 'unreachable' };
    case 'timed_out':
      return { kind: 'too_slow' };
    case 'broken':
      return { kind: 'broken' };
    case 'answered':
      context.onAnswered(call.account, call.calls, sent.status);
      return call.calls === null ? asItComes(sent) : readAndKeep(context, call, call.calls, sent, calledAt);
  }
}

async function sendToAny({ client, hosts, baseUrls }: PassContext, call: Call, leaveBy: number): Promise<SentCall> {
  const untried = new Set(baseUrls);
  let sent: SentCall = { kind: 'never_left' };
  while (untried.size > 0 && sent.kind === 'never_left') {
    const permit = hosts.admit(call.appId);
    const mayAsk = permit !== 'unreachable' && untried.has(permit.baseUrl);
    if (permit !== 'unreachable' && !mayAsk) permit.done('not_asked');
    const baseUrl = mayAsk ? permit.baseUrl : firstOf(untried);
    untried.delete(baseUrl);
    sent = await client.send(baseUrl, call, leaveBy);
    if (mayAsk) permit.done(sent.kind === 'never_left' ? 'unreached' : 'answered');
  }
  return sent;
}

function firstOf(urls: ReadonlySet<string>): string {
  const [first] = urls;
  if (first === undefined) throw new Error('there is no base URL');
  return first;
}

type Answered = Extract<SentCall, { kind: 'answered' }>;

function asItComes({ kind, status, statusText, headers, body }: Answered): AnsweredCall {
  return { kind, status, statusText, headers, body, settle: () => undefined };
}

async function readAndKeep(
  context: PassContext,
  call: Call,
  method: CalledMethod,
  { kind, status, statusText, headers, body: stream }: Answered,
  calledAt: number,
): Promise<PassedAnswer> {
  const body = await readWhole(stream);
  if (!Buffer.isBuffer(body)) return { kind: body };
  const callId = keep(context, call, method, { status, headers, body, calledAt });
  const settle = (heard: boolean): void => {
    if (callId === null) return;
    context.journal.settle(callId, heard);
    context.onReady();
  };
  return { kind, status, statusText, headers, body, settle };
}

async function readWhole(stream: Readable): Promise<Buffer | 'too_large' | 'too_slow' | 'broken'> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > LARGEST_ANSWER) return 'too_large';
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    return error instanceof Error && /Timeout/.test(error.name) ? 'too_slow' : 'broken';
  }
}

type WholeAnswer = { status: number; headers: readonly string[]; body: Buffer; calledAt: number };

/** Its id in the journal; null if it told nothing, or could not be kept. */
function keep(
  { journal, dating, onNotKept }: PassContext,
  { account, appId, body: requestBody }: Call,
  method: CalledMethod,
  { status, headers, body: answerBody, calledAt }: WholeAnswer,
): string | null {
  try {
    const told = decodeCall({
      appId,
      method,
      requestBody,
      status,
      answerBody,
      contentEncoding: valueOf(headers, 'content-encoding'),
      calledMs: dating.at(calledAt),
      answeredMs: dating.at(performance.now()),
    });
    if (told === null) return null;
    const callId = randomUUID();
    if (journal.keep({ callId, account, told, clockEra: dating.era() }) === 'kept') return callId;
    onNotKept(new Error('the journal of calls is full'));
    return null;
  } catch (error) {
    onNotKept(error);
    return null;
  }
}

/** The first header of this name, in lower case; null if there is none. */
export function valueOf(headers: readonly string[], name: string): string | null {
  const index = headers.findIndex((one, n) => n % 2 === 0 && one.toLowerCase() === name);
  return index < 0 ? null : (headers[index + 1] ?? null);
}
