import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type SampleFile = {
  notifications: { id: string; body: Record<string, unknown> }[];
  queries: { id: string; httpStatus: number; mode: string; body: unknown }[];
  stops: { id: string; httpStatus: number; mode: string; body: unknown }[];
  errors: {
    id: string;
    httpStatus: number;
    endpoints: string[];
    body?: unknown;
    rawBody?: string;
  }[];
  signatures: {
    id: string;
    secret: string;
    body: string;
    agoraSignature: string;
    agoraSignatureV2: string;
    published?: { agoraSignature: string; agoraSignatureV2: string };
  }[];
  scenarios: { id: string; notifications?: string[]; eventTypes?: number[] }[];
};

/** Bodies in every shape that Agora's pages and public reports show; ids and names are invented. */
export const SAMPLES = JSON.parse(
  readFileSync(fileURLToPath(new URL('../fixtures/agora-samples.json', import.meta.url)), 'utf8'),
) as SampleFile;

export function sampleNotification(id: string): Record<string, unknown> {
  const found = SAMPLES.notifications.find((sample) => sample.id === id);
  if (found === undefined) throw new Error(`There is no sample ${id}.`);
  return found.body;
}

export function bytesOf(body: unknown): Buffer {
  return Buffer.from(JSON.stringify(body));
}
