/** Event 33 comes once a minute while a recording goes on: the best heartbeat there is. */
export const HEARTBEAT_MS = 60_000;
