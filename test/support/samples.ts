import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A sample and the key of its source in the file's own list. */
type Sample = { id: string; source: string };

export type SampleFile = {
  /** `address` is null for what nobody publishes; `read` is the month, null where it was not noted. */
  sources: Record<string, { address: string | null; read: string | null }>;
  notifications: (Sample & { body: Record<string, unknown> })[];
  queries: (Sample & { httpStatus: number; mode: string; body: unknown })[];
  stops: (Sample & { httpStatus: number; mode: string; body: unknown })[];
  errors: (Sample & {
    httpStatus: number;
    endpoints: string[];
    body?: unknown;
    rawBody?: string;
  })[];
  signatures: (Sample & {
    secret: string;
    body: string;
    agoraSignature: string;
    agoraSignatureV2: string;
    published?: { agoraSignature: string; agoraSignatureV2: string };
  })[];
  scenarios: (Sample & { notifications?: string[]; eventTypes?: number[] })[];
};

/**
 * Bodies in every shape that Agora's pages and public reports show; ids and names are invented, and
 * each names the page that its shape is from.
 */
export const SAMPLES = JSON.parse(
  readFileSync(fileURLToPath(new URL('../fixtures/agora-samples.json', import.meta.url)), 'utf8'),
) as SampleFile;

/** The pages that the samples are from, by the keys that they name. */
export const SOURCES = SAMPLES.sources;

export function sampleNotification(id: string): Record<string, unknown> {
  const found = SAMPLES.notifications.find((sample) => sample.id === id);
  if (found === undefined) throw new Error(`There is no sample ${id}.`);
  return found.body;
}

export function bytesOf(body: unknown): Buffer {
  return Buffer.from(JSON.stringify(body));
}
