import { createQueryClient } from '../../agora/query-client.js';
import type { Account } from '../../asking/account.js';
import { readRefused } from '../../asking/refusals.js';
import type { AccountConfig } from '../../config/accounts.js';
import type { Config } from '../../config/parse-config.js';
import type { Db } from '../../db/connection/database.js';
import { reasonOf } from '../../db/migrations/reason-of.js';
import { unixMs } from '../../evidence/instant.js';
import { toAccount } from '../../start/ask-context.js';
import { askHarmlessly, hostOf, type Asked, type Asking } from './ask-agora.js';
import { failed, fine, warning, type Check } from './check.js';
import type { TimeThere } from './clock.js';

export type AgoraChecks = { checks: Check[]; times: TimeThere[] };

/** A query about each app of each account: are the credentials accepted, and by which base URL? */
export async function checkAgora(config: Config, db: Db | null): Promise<AgoraChecks> {
  const client = createQueryClient({
    baseUrls: config.baseUrls,
    timeoutMs: config.queryTimeoutMs,
    now: () => unixMs(Date.now()),
  });
  const asking: Asking = {
    db,
    client,
    queryTimeoutMs: config.queryTimeoutMs,
    stopping: new AbortController().signal,
    errorEvents: { slotNotReleased: () => undefined }, // its lease ends by itself
    hosts: config.baseUrls.length,
  };
  const found: AgoraChecks = { checks: [], times: [] };
  for (const account of config.accounts) {
    found.checks.push(...(await checkAccount(account, config.qpsShare, asking, found.times)));
  }
  await client.close();
  return found;
}

async function checkAccount(
  settings: AccountConfig,
  share: number,
  asking: Asking,
  times: TimeThere[],
): Promise<Check[]> {
  const account = toAccount(settings, share);
  const checks: Check[] = [];
  for (const { appId } of settings.apps) {
    const check = `Agora, account ${account.name}, app ${appId}`;
    const asked = await askHarmlessly(asking, account, appId).catch((error: unknown) => reasonOf(error));
    if (typeof asked === 'string') {
      checks.push(notAsked(check, ` (no slot can be taken: ${asked})`));
      continue;
    }
    const measuredMs = Date.now();
    if (asked.kind === 'answered' && asked.answer.serverTimeMs !== null) {
      const { answeredAt, askedAt, serverTimeMs } = asked.answer;
      times.push({
        host: hostOf(asked.baseUrl),
        thereMs: serverTimeMs,
        hereMs: measuredMs,
        tookMs: answeredAt - askedAt,
      });
    }
    checks.push(await judge(check, asked, account, asking.db));
  }
  return checks;
}

/** Without the ledger's slots nothing is asked: others may be asking with them. */
export function notAsked(check: string, why = ''): Check {
  return warning(
    check,
    `not asked${why}`,
    'repair the database first: it holds the slots that keep all queries within the limit',
  );
}

async function judge(check: string, asked: Asked, account: Account, db: Db | null): Promise<Check> {
  switch (asked.kind) {
    case 'answered':
      return judgeAnswer(check, asked);
    case 'silent':
      return failed(
        check,
        `no base URL answers (${asked.failures.join('; ')})`,
        'check DNS, firewall and proxy between here and them, or correct AGORA_BASE_URLS',
      );
    case 'paused':
      return judgePause(check, asked.forMs, account, db);
    case 'no_slot':
      return warning(
        check,
        'not asked: every slot of the account is taken',
        'run this again, or raise AGORA_QPS if Agora allows more',
      );
  }
}

function judgeAnswer(check: string, { baseUrl, answer, failures }: Extract<Asked, { kind: 'answered' }>): Check {
  const { outcome, httpStatus } = answer;
  const by = `${hostOf(baseUrl)} answered ${String(httpStatus)}`;
  switch (outcome.kind) {
    case 'unauthorized':
      return failed(
        check,
        `${by}: the credentials are refused`,
        'check AGORA_CUSTOMER_ID and AGORA_CUSTOMER_SECRET (console, RESTful API), that cloud recording is enabled, and that the app belongs to this account',
      );
    case 'no_route':
      return failed(check, `${by}: no such address`, 'correct AGORA_BASE_URLS: a base URL has no path');
    case 'throttled':
      return warning(
        check,
        `${by}: too many queries`,
        'other programs use up the limit of the account: lower AGORA_QPS_SHARE, then run this again',
      );
    case 'answered':
    case 'not_found':
    case 'bad_request':
    case 'incomplete':
      if (failures.length === 0) return fine(check, `${by}: the credentials are accepted`);
      return warning(
        check,
        `${by}: the credentials are accepted; ${failures.join('; ')}`,
        'make the other base URL reachable too: it is the fallback',
      );
    case 'unavailable':
      return failed(check, by, 'wait for Agora, then run this again');
  }
}

/** Who is refused is paused, and asked again once a minute by the service itself. */
async function judgePause(check: string, forMs: number, account: Account, db: Db | null): Promise<Check> {
  const found = `not asked: the account is paused for ${String(Math.ceil(forMs / 1_000))} s more`;
  const refused = db === null ? undefined : (await readRefused(db, [account]))[0];
  if (refused === undefined) return warning(check, found, 'run this again afterwards');
  return failed(check, `${found}; refused since ${new Date(refused.sinceMs).toISOString()}`, refused.advice);
}
