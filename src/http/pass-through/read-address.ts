/** Where a passed-on call goes: Agora's path with its query string, as it came, and what follows `cloud_recording/`. */
export type CallAddress = { appId: string; path: string; rest: string };

const ADDRESS = /^\/agora(\/v1\/apps\/([^/?#]+)\/cloud_recording\/([^?#]*)(?:\?[^#]*)?)$/;

/** By the address as it was sent, percent-encoding untouched; null for any other, and for ways through a path. */
export function readCallAddress(rawUrl: string): CallAddress | null {
  const [, path, appId, rest] = ADDRESS.exec(rawUrl) ?? [];
  if (path === undefined || appId === undefined || rest === undefined || rest === '') return null;
  return [appId, ...rest.split('/')].some(leadsElsewhere) ? null : { appId, path, rest };
}

/**
 * `.` and `..` lead to another address, with the account's credentials; encoded ones too, wherever somebody decodes
 * them, and so does a slash or a backslash beside them.
 */
function leadsElsewhere(segment: string): boolean {
  const plain = segment
    .replace(/%(25)*2e/gi, '.')
    .replace(/%(25)*(2f|5c)/gi, '/')
    .replaceAll('\\', '/');
  return plain.split('/').some((part) => part === '.' || part === '..');
}
