/** A slash and a colon as they stand in JSON, escaped or not. */
const SLASH = String.raw`(?:\\?/|\\u002[fF])`;
const COLON = String.raw`(?::|\\u003[aA])`;
/** A part of an address between two slashes; addresses in a list stand between commas or semicolons. */
const PART = String.raw`(?:[^/\\"\s?#,;])+`;
/** The last part and all that follows it, up to the end of the text that it stands in. */
const REST = String.raw`(?:[^"\\\s]|\\[^"])+`;

const STREAM_ADDRESS = new RegExp(`(rtmps?${COLON}${SLASH}${SLASH}(?:${PART}${SLASH})+)${REST}`, 'giu');

export const MASK = '***';

/**
 * A raw body without the keys that let others publish to a stream: the last part of every RTMP address,
 * with its query, is masked. All else stays byte for byte.
 */
export function maskStreamKeys(raw: string): string {
  return raw.replace(STREAM_ADDRESS, `$1${MASK}`);
}
