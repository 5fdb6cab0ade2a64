import type { AskContext } from '../asking/ask-context.js';
import { packageVersion } from '../cli/version.js';
import { fileResponse } from '../http/api/history-response.js';
import { sessionResponse } from '../http/api/session-response.js';
import { webhooksWakeUp } from '../jobs/start-jobs.js';
import { createAllowedHosts } from '../webhooks/allowed-hosts.js';
import { reencryptAll } from '../webhooks/key-ring.js';
import type { ManageContext } from '../webhooks/manage-endpoints.js';
import { createWebhookSender, type WebhookSender } from '../webhooks/sending/send-webhooks.js';
import type { SendContext } from '../webhooks/sending/sending.js';
import type { Components } from './components.js';

type WebhookParts = Pick<Components, 'config' | 'db' | 'clock' | 'queues' | 'log' | 'metrics'>;

/** What endpoints are made and changed with. */
export function openWebhooks({ config, db, clock, queues, log, metrics }: WebhookParts): ManageContext {
  return {
    db,
    now: clock.now,
    log,
    allowed: createAllowedHosts(config.webhooks.allowedHosts),
    settings: config.webhooks,
    wake: webhooksWakeUp(queues, log, metrics),
  };
}

/** The sender of this process. Secrets that an older key encrypted are encrypted with the newest first. */
export async function openSender(components: Components): Promise<WebhookSender> {
  const { webhooks, log } = components;
  await reencryptAll(webhooks).catch((error: unknown) => log.warn({ err: error }, 'secrets.not_encrypted_anew'));
  return createWebhookSender(senderContext(components));
}

/** What sending webhooks needs; sessions are in them as the API and the feed show them. */
function senderContext({ config, db, clock, log, metrics, context, webhooks }: Components): SendContext {
  return {
    db,
    now: clock.now,
    log,
    metrics,
    allowed: webhooks.allowed,
    settings: webhooks.settings,
    ca: config.webhooks.ca,
    scheduleMs: config.webhooks.retryScheduleMs,
    userAgent: `recording-ledger/${packageVersion()}`,
    render: {
      session: ({ session, version, atMs }) =>
        sessionResponse({ session, version, updatedMs: atMs }, atMs, context.rules),
      file: fileResponse,
    },
  };
}

/** The same, and a new version that somebody may want is sent at once. */
export function wakingWebhooks({ context, webhooks }: Components, sender: WebhookSender): AskContext {
  return {
    ...context,
    onSaved: (saved) => {
      context.onSaved(saved);
      if (saved.some(({ isNew }) => isNew) && sender.nudge()) webhooks.wake();
    },
  };
}
