import { maskAddress, maskStreamKeys } from '../evidence/stream-keys.js';
import { parseJson } from './parse-notification.js';

/** A text of JSON; of one that was cut off, to its end. */
const TEXT = /"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$)/gs;

/** The field that an address to push to is told in, by event 100 and by `query`. */
const ADDRESS_FIELD = '"rtmpUrl"';

/**
 * A body of Agora's with the stream key of every address in it masked, and every other byte as it came: numbers
 * too large for JavaScript, fields told twice and what is no JSON at all included.
 * @see https://docs.agora.io/en/cloud-recording/develop/receive-notifications (read 2026-07); docs/agora.md#stream-keys
 * Ours: docs/decisions/025-stream-keys-are-masked-as-they-are-read.md
 */
export function maskStreamKeysIn(body: string): string {
  let masked = '';
  let from = 0;
  let before = '';
  for (const { 0: text, index } of body.matchAll(TEXT)) {
    const between = body.slice(from, index);
    const isAddress = before === ADDRESS_FIELD && /^\s*:\s*$/.test(between);
    masked += maskStreamKeys(between) + maskText(text, isAddress);
    from = index + text.length;
    before = text;
  }
  return masked + maskStreamKeys(body.slice(from));
}

function maskText(text: string, isAddress: boolean): string {
  const parsed = parseJson(text);
  const told = typeof parsed === 'string' ? parsed : unescaped(text);
  const masked = isAddress ? maskAddress(told) : maskTold(told);
  return masked === told ? text : JSON.stringify(masked);
}

/** Some fields hold JSON as a text. */
function maskTold(told: string): string {
  return /^\s*[[{]/.test(told) ? maskStreamKeysIn(told) : maskStreamKeys(told);
}

/** Of a text that no parser takes: what an escape may hide of an address. */
function unescaped(text: string): string {
  const inner = text.replace(/^"|"$/g, '');
  return inner
    .replace(/\\u00([2-7][0-9a-f])/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)))
    .replaceAll('\\/', '/');
}
