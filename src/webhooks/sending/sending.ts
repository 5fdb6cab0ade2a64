import type { Logger } from 'pino';
import type { Db } from '../../db/connection/database.js';
import type { Sender } from '../../db/webhooks/senders.js';
import type { UnixMs } from '../../evidence/instant.js';
import type { Metrics } from '../../observability/metrics.js';
import type { AllowedHosts } from '../allowed-hosts.js';
import type { Resolve } from '../check-address.js';
import type { Compose, Render } from '../compose-delivery.js';
import type { FeedWindow } from '../feed-window.js';
import type { KeySettings } from '../key-ring.js';
import type { Poster } from '../post-delivery.js';
import type { EndpointRun } from '../run/endpoint-run.js';

export type SendContext = {
  db: Db;
  now: () => UnixMs;
  log: Logger;
  metrics: Metrics;
  allowed: AllowedHosts;
  settings: KeySettings;
  ca: string | null;
  scheduleMs: readonly number[];
  render: Render;
  userAgent: string;
  resolve?: Resolve;
};

/** The lease under which endpoints are held: whoever loses it has none of them any more. */
export type HoldingLease = { sender: Sender; poster: Poster; abort: AbortController; renewedAt: number };

/** `idleSince`, by the monotonic clock: since then it has had nothing to do. `logged`: outcomes since its log was cut. */
export type Held = { run: EndpointRun; idleSince: number | null; leaving: boolean; logged: number };

/** What this process sends, and under which lease. */
export type Sending = {
  context: SendContext;
  window: FeedWindow;
  compose: Compose;
  /** Null while there is nothing to send. */
  lease: HoldingLease | null;
  /** While it is being taken. */
  leasing: Promise<HoldingLease> | null;
  /** The endpoints that this process sends to, by id. */
  held: Map<string, Held>;
  /** Those that answered 410 and are not paused yet. */
  gone: Set<string>;
  saving: boolean;
  savedAt: number;
  givingUp: Promise<void> | null;
  closed: boolean;
  /** Something failed that heals by itself. */
  onFailed: (error: unknown) => void;
  /** The key of the secrets is missing, or is another one. */
  onKeyMissing: (error: Error) => void;
  /** There is something to save, or to start. */
  onNews: () => void;
};

/** How long an endpoint with nothing to do is kept: it is spared the way back. */
export const WARM_MS = 3_000;
