import type { IncomingMessage } from 'node:http';
import type { Logger } from 'pino';
import type { SignatureHeaders } from '../../agora/signature.js';
import type { Rejection, RejectionReason } from '../../evidence/rejection.js';
import type { Metrics } from '../../observability/metrics.js';
import { createSparingly } from '../../observability/sparingly.js';
import { advise } from './advise.js';
import type { AppSecrets } from './app-secrets.js';
import { findMisfit, type Misfit } from './find-misfit.js';

export type Refused = {
  reason: RejectionReason;
  request: IncomingMessage;
  /** As the address names it. */
  appId: string | undefined;
  headers: SignatureHeaders;
  /** Null where it was refused before it was read. */
  raw: Buffer | null;
};

export type TellRejectionsOptions = {
  apps: readonly AppSecrets[];
  onRejected: (rejection: Rejection) => void;
  log: Logger;
  metrics: Metrics;
};

/** What is worth looking at is as small as notifications are. */
const SMALL_BYTES = 32_768;
/** So much is hashed a second to find out what wrong signatures fit: a few milliseconds' work. */
const HASHED_PER_SECOND = 2_097_152;

/**
 * Counts what was refused and, once a minute for each app, reason and finding, logs it with what to mend.
 * The answer has left by then: whoever sent it learns nothing, not by the time either. However much of it
 * comes, looking costs no more than so many bytes a second.
 */
export function createTellRejections(options: TellRejectionsOptions): (refused: Refused) => void {
  const { apps, onRejected, metrics } = options;
  const known = new Set(apps.map(({ appId }) => appId));
  const mayLook = createLookBudget(apps);
  const sparingly = createSparingly();
  return (refused) => {
    const { reason, headers, raw, appId } = refused;
    metrics.notifications.inc({ result: 'rejected' });
    metrics.rejected.inc({ reason });
    const app = appId !== undefined && known.has(appId) ? appId : null;
    const tell = (misfit: Misfit | null): void => {
      const advice = advise(reason, misfit);
      onRejected({ reason, appId: app, advice });
      const what = { app, reason, fits: describe(misfit), advice, ...traits(refused) };
      sparingly(`${reason} ${app ?? ''} ${what.fits}`, (repeated) => {
        options.log.warn({ ...what, repeated }, 'notification.rejected');
      });
    };
    if (reason !== 'wrong_signature' || raw === null || !mayLook(raw.length)) tell(null);
    else setImmediate(() => tell(findMisfit(apps, { raw, headers, appId })));
  };
}

/** Where nobody looked, as where nothing was found: one line for both. */
function describe(misfit: Misfit | null): string {
  if (misfit?.kind === 'other_app') return `the secret of another app ${misfit.appId}`;
  return misfit?.kind ?? 'nothing';
}

const LONGEST_TOLD = 64;

/** What tells Agora's from others', and whether somebody stands between. */
function traits({ request, appId, raw }: Refused): object {
  const { headers } = request;
  return {
    addressed: appId?.slice(0, LONGEST_TOLD),
    bytes: raw?.length,
    announcedBytes: headers['content-length'],
    encoding: headers['content-encoding']?.slice(0, LONGEST_TOLD),
    proxied: headers.via !== undefined || headers['x-forwarded-for'] !== undefined,
    from: request.socket.remoteAddress,
  };
}

/** Whether a body of so many bytes may be looked at; `fits` says each secret hashes it about twice. */
function createLookBudget(apps: readonly AppSecrets[]): (bytes: number) => boolean {
  const hashes = 3 * apps.reduce((sum, { secrets }) => sum + secrets.length, 1);
  let [secondMs, left] = [0, 0];
  return (bytes) => {
    const nowMs = performance.now();
    if (nowMs - secondMs >= 1_000) [secondMs, left] = [nowMs, HASHED_PER_SECOND];
    const cost = Math.max(bytes, 256) * hashes;
    if (bytes > SMALL_BYTES || cost > left) return false;
    left -= cost;
    return true;
  };
}
