/** The settings a verdict depends on. Handed in; the core reads no configuration. */
export type VerdictRules = {
  /** How long 404s must last before they mean gone: a failover answers 404 for up to 90 s. */
  goneConfirmMs: number;
  /** No sign of life by then, and 404s throughout: never started. */
  startDeadlineMs: number;
  /** How long a missing sequence number may still be merely late. */
  reorderGraceMs: number;
  /** The event types the console subscribes to; null when it is all of them. */
  subscribedEvents: readonly number[] | null;
  /** Whether an app has credentials here; without them its sessions cannot be asked about. */
  isConfigured: (appId: string) => boolean;
};

export function isSubscribed(rules: VerdictRules, eventType: number): boolean {
  return rules.subscribedEvents === null || rules.subscribedEvents.includes(eventType);
}
