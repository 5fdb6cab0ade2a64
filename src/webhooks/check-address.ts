import { lookup, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { AllowedHosts } from './allowed-hosts.js';

/** Finds all addresses of a host. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

export const systemResolve: Resolve = (host) =>
  new Promise((resolve, reject) => {
    lookup(host, { all: true, verbatim: true }, (error, addresses) => {
      if (error === null) resolve(addresses);
      else reject(error);
    });
  });

/** An address, or a URL, that webhooks may not reach; `message` says which and why. */
export class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError';
}

const HINT = 'WEBHOOK_ALLOWED_HOSTS names private hosts and ranges that may be reached.';

/** What is wrong with a URL whatever its host resolves to, in a sentence; null if nothing is. */
export function complaintAboutUrl(url: URL, allowed: AllowedHosts): string | null {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'The URL must begin with https://.';
  if (url.username !== '' || url.password !== '') return 'The URL may hold no user name and no password.';
  const host = bareHost(url);
  if (isAddress(url) && !allowed.mayReach(host)) return forbidden(host, host);
  // The names of this machine's own are not asked of any server.
  const isLocal = /(^|\.)localhost\.?$/i.test(host);
  if (isLocal && !allowed.hasHost(host) && !allowed.mayReach('127.0.0.1')) return forbidden(host, '127.0.0.1');
  return null;
}

/**
 * Why a URL is refused, in a sentence; null if it may be called. Plain http may go to hosts that are allowed by name
 * or by range, and to nobody else. A name that nobody knows now may be known later.
 */
export async function complaintAboutHost(url: URL, allowed: AllowedHosts, resolve: Resolve): Promise<string | null> {
  const complaint = complaintAboutUrl(url, allowed);
  if (complaint !== null) return complaint;
  const host = bareHost(url);
  if (allowed.hasHost(host)) return null;
  const addresses = isAddress(url) ? [host] : await addressesOf(host, resolve);
  const refused = addresses.find((address) => !allowed.mayReach(address));
  if (refused !== undefined) return forbidden(host, refused);
  if (url.protocol === 'https:') return null;
  const isPrivate = addresses.length > 0 && addresses.every((address) => allowed.hasHost(address));
  return isPrivate ? null : `Plain http may go to allowed hosts only: use https. ${HINT}`;
}

async function addressesOf(host: string, resolve: Resolve): Promise<readonly string[]> {
  const found = await resolve(host).catch(() => []);
  return found.map(({ address }) => address);
}

function forbidden(host: string, address: string): string {
  const named = host === address ? address : `${host} is ${address}, which`;
  return `${named} is private, loopback or otherwise not of the internet. ${HINT}`;
}

export function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

/** The parser of URLs has brought every way to write an IPv4 address into its usual form. */
function isAddress({ hostname }: URL): boolean {
  return hostname.startsWith('[') || /^\d+(\.\d+){3}$/.test(hostname);
}

/**
 * For `net.connect`: resolves, and hands over only what may be reached, so that the address that was checked is the
 * one that is called, whatever the next question would be answered. One address that is refused refuses the host.
 */
export function checkedLookup(allowed: AllowedHosts, resolve: Resolve): LookupFunction {
  return (host, options, callback) => {
    resolve(host).then(
      (addresses) => {
        const refused = allowed.hasHost(host) ? undefined : addresses.find(({ address }) => !allowed.mayReach(address));
        const [first] = addresses;
        if (refused !== undefined) callback(new ForbiddenAddressError(forbidden(host, refused.address)), '', 0);
        else if (first === undefined) callback(new Error(`${host} has no address`), '', 0);
        else if (options.all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), '', 0),
    );
  };
}
