/**
 * The settings on which a verdict depends. They are passed in; the core reads no configuration.
 * @see https://docs.agora.io/en/cloud-recording/best-practices/integration-best-practices (read 2026-07); docs/agora.md#asking
 * Ours: docs/decisions/017-an-end-is-looked-at-again.md
 */
export type VerdictRules = {
  /** How long 404s must last before they mean gone: a failover answers 404 for up to 90 s. */
  goneConfirmMs: number;
  /** How much later than that an end is looked at for the last time. */
  goneMarginMs: number;
  /** No sign of life by then, and 404s throughout: never started. */
  startDeadlineMs: number;
  /** How long a missing sequence number may still be merely late. */
  reorderGraceMs: number;
  /** The event types the console subscribes to; null when it is all of them. */
  subscribedEvents: readonly number[] | null;
  /** The account that an app belongs to; null for an app that is not configured. */
  accountOf: (appId: string) => string | null;
};

export function isSubscribed(rules: VerdictRules, eventType: number): boolean {
  return rules.subscribedEvents === null || rules.subscribedEvents.includes(eventType);
}

/** Whether an app is configured with credentials; without them its sessions cannot be queried. */
export function isConfigured({ accountOf }: Pick<VerdictRules, 'accountOf'>, appId: string): boolean {
  return accountOf(appId) !== null;
}

/** How long after its end a session is looked at for the last time: by then no failover explains it. */
export function lastLookAfterMs(rules: VerdictRules): number {
  return rules.goneConfirmMs + rules.goneMarginMs;
}
