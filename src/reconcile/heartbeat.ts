/**
 * Event 33 comes once a minute while a recording goes on: the best heartbeat there is.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#events
 */
export const HEARTBEAT_MS = 60_000;
