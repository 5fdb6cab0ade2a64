// node test/support/sending-process.mjs: sends outgoing webhooks and does nothing else, with the code that every
// process with the role `jobs` sends with. It is up in a moment, so that it can be killed often. Settings of the
// service in the environment; says `sending` once it looks for something to send.
import { setTimeout as pause } from 'node:timers/promises';
import { parseConfig } from '../../dist/config/parse-config.js';
import { packageVersion } from '../../dist/cli/version.js';
import { openPool } from '../../dist/db/connection/database.js';
import { fileResponse } from '../../dist/http/api/history-response.js';
import { sessionResponse } from '../../dist/http/api/session-response.js';
import { createLogger } from '../../dist/observability/create-logger.js';
import { createMetrics } from '../../dist/observability/metrics.js';
import { createAllowedHosts } from '../../dist/webhooks/allowed-hosts.js';
import { createWebhookSender } from '../../dist/webhooks/sending/send-webhooks.js';

const WAKE_EVERY_MS = 100;

const { ok, config, problems } = parseConfig(process.env);
if (!ok) throw new Error(problems.join('\n'));
const onIdleError = () => undefined;
const pool = openPool({ url: config.databaseUrl, maxConnections: 8, applicationName: 'sending', onIdleError });
const sender = createWebhookSender({
  db: { pool },
  now: Date.now,
  log: createLogger('warn'),
  metrics: createMetrics(),
  allowed: createAllowedHosts(config.webhooks.allowedHosts),
  settings: config.webhooks,
  ca: null,
  scheduleMs: config.webhooks.retryScheduleMs,
  userAgent: `recording-ledger/${packageVersion()}`,
  render: {
    session: ({ session, version, atMs }) => sessionResponse({ session, version, updatedMs: atMs }, atMs, config.rules),
    file: fileResponse,
  },
});
for (let isFirst = true; ; isFirst = false) {
  await sender.wake();
  if (isFirst) console.log('sending');
  await pause(WAKE_EVERY_MS);
}
