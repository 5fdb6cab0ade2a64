import type { AskContext } from '../asking/ask-context.js';
import { packageVersion } from '../cli/version.js';
import { fileResponse } from '../http/api/history-response.js';
import { sessionResponse } from '../http/api/session-response.js';
import type { SendContext, WebhookSender } from '../webhooks/send-webhooks.js';
import type { Components } from './components.js';

/** What sending webhooks needs; sessions are in them as the API and the feed show them. */
export function senderContext({ config, db, clock, log, metrics, context, webhooks }: Components): SendContext {
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
