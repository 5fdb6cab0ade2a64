import { randomUUID } from 'node:crypto';
import type { QueryAnswer } from '../../agora/query-client.js';
import type { Permit } from '../../agora/host-rotation.js';
import type { Account } from '../../asking/account.js';
import { heldAfterMs } from '../../asking/slot-times.js';
import { waitForSlot, type SlotContext } from '../../asking/wait-for-slot.js';
import type { Db } from '../../db/connection/database.js';

/** What asking takes. `db` is null where no process of this ledger can be asking, for then there are no slots. */
export type Asking = Omit<SlotContext, 'db'> & { db: Db | null; hosts: number };

export type Asked =
  | { kind: 'answered'; baseUrl: string; answer: QueryAnswer; failures: string[] }
  /** By none of the base URLs. */
  | { kind: 'silent'; failures: string[] }
  /** The ledger leaves the account alone for so long. */
  | { kind: 'paused'; forMs: number }
  /** Others took every slot. */
  | { kind: 'no_slot' };

const PATIENCE_MS = 15_000;

/**
 * Asks about a recording that cannot be, one base URL after the other until one answers. Each query takes a
 * slot as every other one does, so that the limit holds, and what is answered is kept nowhere.
 */
export async function askHarmlessly(asking: Asking, account: Account, appId: string): Promise<Asked> {
  const sid = `doctor-${randomUUID()}`;
  const failures: string[] = [];
  while (failures.length < asking.hosts) {
    const turn = await takeTurn(asking, account, { sid, appId });
    if (turn.kind === 'paused') return { kind: 'paused', forMs: turn.waitMs };
    if (turn.kind === 'late') return { kind: 'no_slot' };
    if (turn.kind === 'unreachable') break;
    const { customerId, customerSecret } = account;
    const target = { customerId, customerSecret, appId, resourceId: 'recording-ledger-doctor', sid, mode: 'mix' };
    const answer = await asking.client.query(target, turn.permit, turn.leaveBy);
    await turn.release(heldAfterMs(answer === 'too_late' ? 'never_left' : answer.wire, asking.queryTimeoutMs));
    if (answer === 'too_late') return { kind: 'no_slot' };
    const { baseUrl } = turn.permit;
    if (answer.outcome.kind !== 'unavailable') return { kind: 'answered', baseUrl, answer, failures };
    failures.push(`${hostOf(baseUrl)}: ${failureOf(answer)}`);
  }
  return { kind: 'silent', failures };
}

type Turn =
  | { kind: 'held'; permit: Permit; leaveBy: number; release: (heldForMs: number) => Promise<void> }
  | { kind: 'paused'; waitMs: number }
  | { kind: 'unreachable' }
  | { kind: 'late' };

async function takeTurn(asking: Asking, account: Account, about: { sid: string; appId: string }): Promise<Turn> {
  const { db, client, queryTimeoutMs } = asking;
  if (db !== null) return waitForSlot({ ...asking, db }, account, about, performance.now() + PATIENCE_MS);
  const permit = client.admit(about.sid);
  if (permit === 'unreachable') return { kind: 'unreachable' };
  return { kind: 'held', permit, leaveBy: performance.now() + queryTimeoutMs, release: () => Promise.resolve() };
}

export function hostOf(baseUrl: string): string {
  return new URL(baseUrl).host;
}

function failureOf({ outcome, httpStatus, wire }: QueryAnswer): string {
  if (httpStatus !== null) return `answered ${String(httpStatus)}`;
  if (outcome.kind === 'unavailable' && outcome.reason === 'timeout') return 'no answer in time';
  return wire === 'never_left' ? 'cannot be reached' : 'the connection broke';
}
