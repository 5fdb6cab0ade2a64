import { randomBytes } from 'node:crypto';
import { request } from 'undici';
import { findMisfits, type LedgerRules, type Misfit } from './fitting-rules.js';
import { headersFor } from './ledger-client.js';
import { signatures } from './notifier.js';
import type { WorldProfile } from './world-profile.js';

export type CheckedLedger = {
  apiUrl: string;
  apiKey: string | null;
  receiverUrl: string;
  appId: string;
  secret: string;
  profile: WorldProfile;
  speed: number;
};

/**
 * What is in the way of simulating against this ledger, a sentence each; nothing is left in it but a test
 * notification, which is never a session.
 */
export async function checkLedger(ledger: CheckedLedger): Promise<string[]> {
  const problems = [await checkKey(ledger), await checkReceiver(ledger)].filter((problem) => problem !== null);
  return problems.length > 0 ? problems : checkRules(ledger);
}

type Answer = { status: number; text: string };

async function ask(url: string, init: Parameters<typeof request>[1]): Promise<Answer | { error: string }> {
  try {
    const response = await request(url, { ...init, headersTimeout: 10_000, bodyTimeout: 10_000 });
    return { status: response.statusCode, text: await response.body.text() };
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    return { error: message === '' ? (code ?? 'no answer') : message };
  }
}

/** A registration that says nothing: one who may write hears what is missing, and nothing is kept. */
async function checkKey({ apiUrl, apiKey }: CheckedLedger): Promise<string | null> {
  const url = `${apiUrl}/v1/sessions/simulation`;
  const answer = await ask(url, { method: 'PUT', headers: headersFor(apiKey), body: '{}' });
  if ('error' in answer) {
    return `The API does not answer at ${apiUrl} (${answer.error}): start the service, and set its API_PORT here as well.`;
  }
  switch (answer.status) {
    case 401:
      return `The API at ${apiUrl} answered 401 ${apiKey === null ? 'for want of a key' : 'to this key'}: give --api-key one of the service's API_KEYS with the role write.`;
    case 403:
      return `The API at ${apiUrl} answered 403: this key may only read; give --api-key one with the role write.`;
    default:
      return null;
  }
}

/**
 * The notification by which the console tries an address out.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#delivery
 */
async function checkReceiver({ receiverUrl, appId, secret }: CheckedLedger): Promise<string | null> {
  const url = `${receiverUrl}/ncs/${appId}`;
  const sid = randomBytes(16).toString('hex');
  const details = { msgName: 'uploader_started', status: 0 };
  const payload = { cname: 'test_webhook', uid: '1', sid, sequence: 0, sendts: Date.now(), serviceType: 2, details };
  const noticeId = randomBytes(16).toString('hex');
  const body = JSON.stringify({ noticeId, productId: 3, eventType: 30, notifyMs: Date.now(), sid, payload });
  const headers = { 'content-type': 'application/json', ...signatures(body, secret) };
  const answer = await ask(url, { method: 'POST', headers, body });
  if ('error' in answer) {
    return `The receiver does not answer at ${url} (${answer.error}): set the service's RECEIVER_PORT here as well.`;
  }
  if (answer.status === 401) {
    return `The receiver answered 401 to ${url}: what is sent is signed with the first notification secret that is set here for app ${appId}, and the service has no such app or another secret. Set its AGORA_APP_ID and AGORA_NCS_SECRET (or AGORA_CONFIG_FILE) here as well.`;
  }
  return answer.status === 200 ? null : `The receiver answered ${String(answer.status)} to ${url}: ${answer.text}`;
}

async function checkRules({ apiUrl, apiKey, profile, speed }: CheckedLedger): Promise<string[]> {
  const answer = await ask(`${apiUrl}/v1/rules`, { headers: headersFor(apiKey) });
  if ('error' in answer || answer.status !== 200) {
    return [`${apiUrl}/v1/rules does not tell by which times this ledger judges: is it another release?`];
  }
  const misfits = findMisfits(JSON.parse(answer.text) as LedgerRules, profile, speed);
  if (misfits.length === 0) return [];
  const world = speed === 1 ? 'a world as fast as life' : `a world that lives ${String(speed)} times as fast as life`;
  return [
    `The times by which this ledger judges do not fit ${world}: it would be wrong about it, or too late.`,
    ...misfits.map(misfitLine),
    'Start a service with these settings on a database of its own, or choose another --speed: 1 fits the usual settings.',
  ];
}

/** Of RETRY_BACKOFF_MS it is the last wait, which repeats. */
function misfitLine({ setting, hasMs, leastMs, mostMs, exampleMs }: Misfit): string {
  const verb = setting === 'RETRY_BACKOFF_MS' ? 'ends with' : 'is';
  const between = `${String(leastMs)} and ${String(mostMs)}`;
  return `  ${setting} ${verb} ${String(hasMs)}; it must be between ${between}, for instance ${String(exampleMs)}.`;
}
