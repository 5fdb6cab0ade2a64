/**
 * An address that a recording is pushed to, and how that goes. `url` is without its stream key, so `id` tells
 * two apart that differ in nothing else: too few digits of a digest to find the key by. Empty without an address.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#services
 * Ours: docs/decisions/025-stream-keys-are-masked-as-they-are-read.md
 */
export type PushOutput = { id: string; url: string | null; status: string | null };
