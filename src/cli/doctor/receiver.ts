import { randomUUID } from 'node:crypto';
import { makeTestNotification } from '../../agora/test-notification.js';
import type { AppConfig } from '../../config/accounts.js';
import type { Config } from '../../config/parse-config.js';
import { reasonOf } from '../../db/migrations/reason-of.js';
import { unixMs } from '../../evidence/instant.js';
import { postNotification, type Posted } from '../post-notification.js';
import { failed, fine, warning, type Check } from './check.js';

/**
 * Sends the receiver what Agora would, to the address that the console is given: first one that nobody
 * signed, which it must refuse, then one of each secret. They are tests as the console's own ones are, so
 * none of them becomes a session.
 */
export async function checkReceiver(publicUrl: string, config: Config): Promise<Check[]> {
  const base = baseOf(publicUrl);
  const apps = config.accounts.flatMap((account) => account.apps);
  const first = apps[0];
  if (first === undefined) return [];
  const unsigned = await checkThatItRefuses(base, first);
  if (unsigned.status === 'failed') return [unsigned];
  return [unsigned, ...(await Promise.all(apps.map((app) => checkApp(base, app)))).flat()];
}

/** The console is given the address of an app; what comes before `/ncs` is the same for all. */
function baseOf(publicUrl: string): string {
  const url = new URL(publicUrl);
  return `${url.origin}${url.pathname.replace(/\/ncs(\/.*)?$/, '').replace(/\/+$/, '')}`;
}

async function checkThatItRefuses(base: string, app: AppConfig): Promise<Check> {
  const check = `receiver at ${base}`;
  const answer = await post(base, app.appId, randomUUID());
  if (answer.kind === 'not_answered')
    return failed(check, `cannot be reached (${reasonOf(answer.error)})`, adviceOnError(answer.error));
  if (answer.status === 401) return judgeProtocol(check, base);
  if (answer.status === 200) {
    const advice = 'something else answers there: route that address to RECEIVER_PORT of the receiver';
    return failed(check, 'answered 200 to an unsigned notification', advice);
  }
  return failed(check, `answered ${toldStatus(answer)}`, adviceOnStatus(answer.status));
}

function judgeProtocol(check: string, base: string): Check {
  const found = 'reachable, and refuses unsigned notifications';
  if (base.startsWith('https:')) return fine(check, found);
  return warning(
    check,
    `${found}; without TLS`,
    'put TLS in front of it, and enter the https:// address in the console',
  );
}

async function checkApp(base: string, { appId, ncsSecrets }: AppConfig): Promise<Check[]> {
  return Promise.all(
    ncsSecrets.map(async (secret, n) => {
      const which = ncsSecrets.length === 1 ? '' : `, secret ${String(n + 1)} of ${String(ncsSecrets.length)}`;
      const check = `receiver, app ${appId}${which}`;
      const answer = await post(base, appId, secret);
      if (answer.kind === 'not_answered')
        return failed(check, `no answer (${reasonOf(answer.error)})`, adviceOnError(answer.error));
      if (answer.status === 200) return fine(check, 'accepted a signed test notification');
      if (answer.status !== 401) return failed(check, `answered ${toldStatus(answer)}`, adviceOnStatus(answer.status));
      const advice = `the receiver has another secret for app ${appId}, or does not know it: use the same settings here and there, with the secret from the console`;
      return failed(
        check,
        `answered 401 to a notification signed with the secret${which === '' ? '' : which.replace(', secret', '')}`,
        advice,
      );
    }),
  );
}

/** As the console's check sends it. */
function post(base: string, appId: string, secret: string): Promise<Posted> {
  const { body } = makeTestNotification(unixMs(Date.now()));
  return postNotification(`${base}/ncs/${encodeURIComponent(appId)}`, body, secret);
}

function toldStatus({ status, location }: { status: number; location: string | null }): string {
  return `${String(status)}${location === null ? '' : `, to ${location}`}`;
}

function adviceOnStatus(status: number): string {
  if (status >= 300 && status < 400) return 'Agora does not follow redirects: enter the final address in the console';
  if (status === 404 || status === 405) return 'route /ncs/<App ID> of that address to RECEIVER_PORT of the receiver';
  if (status === 413) return 'the proxy in front refuses a body of a few hundred bytes: allow NOTICE_MAX_BYTES';
  if (status === 401 || status === 403)
    return 'something in front of the receiver refuses: let POST /ncs through without authentication';
  if (status === 502 || status === 504)
    return 'the proxy does not reach the receiver: check that it runs, and its port';
  if (status === 503) return 'the receiver cannot store anything: check its log, Postgres and the disk of its spool';
  return 'check the logs of the receiver and of the proxy in front of it';
}

const UNTRUSTED = /CERT|SELF_SIGNED|ALTNAME|LEAF_SIGNATURE|ISSUER/;

function adviceOnError(error: unknown): string {
  const { code: told, name } = error as { code?: unknown; name?: unknown };
  const code = typeof told === 'string' ? told : '';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is for another name: get one for this host';
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired: renew it';
  if (UNTRUSTED.test(code))
    return 'its certificate is not trusted: use one of a public authority, with the whole chain';
  if (/SSL|TLS|EPROTO/.test(code))
    return 'TLS fails there: serve https:// at that address, or pass the http:// address';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'the host is unknown: check its DNS entry';
  if (name === 'TimeoutError' || /TIMEOUT/.test(code))
    return 'no answer within 10 s, which is as long as Agora waits: open the firewall';
  return 'nobody listens there: start the receiver, or correct the address or the port forwarding';
}
