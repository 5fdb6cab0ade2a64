const MASK = '…';
/** What is no more than a stop behind an address is no segment of it. */
const WORD = /[\p{L}\p{N}…]/u;

/**
 * An address that a stream is pushed to, without its stream key: the last segment of its path, and all that
 * follows it. Whoever knows the key can publish in its owner's name. A name or password before the host goes
 * too, and of what is no address nothing stays.
 * Ours: docs/decisions/025-stream-keys-are-masked-as-they-are-read.md
 */
export function maskAddress(address: string): string {
  if (address.trim() === '') return address;
  const [, scheme, rest] = /^\s*([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(address) ?? [];
  if (scheme === undefined || rest === undefined) return MASK;
  const [authority = '', ...segments] = pathOf(rest).split('/');
  const host = authority.includes('@') ? `${MASK}@${authority.slice(authority.lastIndexOf('@') + 1)}` : authority;
  const last = segments.findLastIndex((segment) => WORD.test(segment));
  if (last < 0) return `${scheme}${host}`;
  return `${scheme}${[host, ...segments.slice(0, last)].join('/')}/${MASK}`;
}

/** A key may be in the query of an address as well; and an address ends where a text goes on. */
function pathOf(rest: string): string {
  return rest.split(/[?#\s,;"'<>\\]/, 1)[0] ?? '';
}

const SCHEME = 'rtmp[a-z]{0,3}:';
const BEGINS_WITH_ONE = new RegExp(`^\\s*${SCHEME}`, 'i');
/** Up to what ends an address in a text, or to where another begins. */
const ADDRESS = new RegExp(`${SCHEME}(?:(?!${SCHEME})[^\\s"'<>])*`, 'gi');

/**
 * A text with the stream key of every rtmp address in it masked. One that begins with an address is taken to be
 * that address, whatever its key is made of.
 * Ours: docs/decisions/025-stream-keys-are-masked-as-they-are-read.md
 */
export function maskStreamKeys(text: string): string {
  if (!/rtmp/i.test(text)) return text;
  if (!BEGINS_WITH_ONE.test(text)) return text.replace(ADDRESS, maskFound);
  return text
    .split(new RegExp(`(?=${SCHEME})`, 'i'))
    .map(maskFound)
    .join('');
}

/** As it stands in a text, where a slash may be escaped; a backslash at its end belongs to what follows. */
function maskFound(found: string): string {
  const [, address = '', behind = ''] = /^(.*?)(\\*)$/s.exec(found) ?? [];
  const masked = maskAddress(address.replaceAll('\\/', '/'));
  return `${masked === MASK ? `${address.slice(0, address.indexOf(':') + 1)}${MASK}` : masked}${behind}`;
}
