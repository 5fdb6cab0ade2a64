import { maskStreamKeysIn } from '../../agora/mask-stream-keys.js';
import { flag, oneOf, words } from './answers/fields.js';

/** Fields of an answer that shows a body as it came. */
export const RAW_BODY = {
  encoding: oneOf('`base64` where its bytes are no text in UTF-8.', ['utf8', 'base64']),
  masked: flag('Whether something of it is hidden: a key that may only read is not shown stream keys.'),
  body: words('The body as it came.'),
};

/**
 * A body as it came. `base64` where its bytes are no text in UTF-8. Stream keys are secrets: who may only
 * read is shown them masked, and bytes that are no text as the text that is left of them.
 */
export type RawBody = { encoding: 'utf8' | 'base64'; masked: boolean; body: string };

export function rawBody(mayWrite: boolean, raw: string | Buffer): RawBody {
  const text = typeof raw === 'string' ? raw : raw.toString();
  if (!mayWrite) {
    const body = maskStreamKeysIn(text);
    return { encoding: 'utf8', masked: body !== text || !isWhole(raw, text), body };
  }
  if (isWhole(raw, text)) return { encoding: 'utf8', masked: false, body: text };
  return { encoding: 'base64', masked: false, body: Buffer.from(raw).toString('base64') };
}

function isWhole(raw: string | Buffer, text: string): boolean {
  return typeof raw === 'string' || Buffer.from(text).equals(raw);
}
