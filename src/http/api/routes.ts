import { budgetRoutes } from './budget-routes.js';
import { changeRoutes } from './change-routes.js';
import { documentRoutes } from './document-routes.js';
import { healthRoutes, placesRoute } from './health-routes.js';
import { historyRoutes } from './history-routes.js';
import { noticeRoutes } from './notice-routes.js';
import { quarantineRoutes } from './quarantine-routes.js';
import { registrationRoutes } from './registration-routes.js';
import { rulesRoutes } from './rules-routes.js';
import { sessionRoutes } from './session-routes.js';
import { summaryRoutes } from './summary-routes.js';
import { usageRoutes } from './usage-routes.js';
import { versionRoutes } from './version-routes.js';
import { webhookRoutes } from './webhook-routes.js';

/** What is served without a ledger too, and without a key. */
export const OPEN_ROUTES = [...healthRoutes, placesRoute, ...documentRoutes];

/** What is served under /v1, to who has a key. */
export const LEDGER_ROUTES = [
  ...sessionRoutes,
  ...registrationRoutes,
  ...versionRoutes,
  ...historyRoutes,
  ...noticeRoutes,
  ...quarantineRoutes,
  ...changeRoutes,
  ...webhookRoutes,
  ...budgetRoutes,
  ...summaryRoutes,
  ...usageRoutes,
  ...rulesRoutes,
];

export const TAGS = [
  { name: 'sessions', description: 'Recording sessions, and what other services tell of them.' },
  { name: 'history', description: 'What is behind one session.' },
  { name: 'evidence', description: 'What came, as it came.' },
  { name: 'changes', description: 'Every new version of every session.' },
  { name: 'webhooks', description: 'What is posted to others as it happens.' },
  { name: 'budget', description: 'Queries and calls that Agora allows.' },
  { name: 'status', description: 'Whether all is well, and this document.' },
] as const;
