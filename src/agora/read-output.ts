import { hash } from 'node:crypto';
import type { PushOutput } from '../evidence/push-output.js';
import { maskAddress } from '../evidence/stream-keys.js';
import { textIn, type LooseObject } from './read-fields.js';

/**
 * By chance one of four thousand million keys has the same, so that many fit it; of the outputs of one
 * recording no two do.
 */
const ID_DIGITS = 8;

/**
 * An output of `query`, or what event 100 tells of one: its stream key goes no further than this.
 * @see https://docs.agora.io/en/cloud-recording/rest-api/query (read 2026-07); docs/agora.md#services
 * Ours: docs/decisions/025-stream-keys-are-masked-as-they-are-read.md
 */
export function readOutput(told: LooseObject): PushOutput {
  const address = textIn(told, 'rtmpUrl');
  const id = address === null ? '' : hash('sha256', address, 'hex').slice(0, ID_DIGITS);
  return { id, url: address === null ? null : maskAddress(address), status: textIn(told, 'status') };
}
