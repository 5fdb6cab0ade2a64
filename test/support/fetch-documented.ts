import { expectDocumented } from './documented.js';

/** `fetch`, of the internal listener: the answer is held to the document of the API. */
export async function fetchDocumented(address: string | URL, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(address, init);
  const { pathname, search } = new URL(address);
  const mediaType = response.headers.get('content-type') ?? undefined;
  const text = await response.clone().text();
  expectDocumented(init.method ?? 'GET', `${pathname}${search}`, { status: response.status, mediaType, text });
  return response;
}
