import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Whether outgoing webhooks may reach something although it is private: hosts by name, and ranges of addresses. */
export type AllowedHosts = {
  /** A host of a URL, be it a name or an address. */
  hasHost: (host: string) => boolean;
  mayReach: (address: string) => boolean;
};

/** `entries`: names, addresses and CIDR ranges. */
export function createAllowedHosts(entries: readonly string[]): AllowedHosts {
  const ranges = entries.map(rangeOf).filter((range) => range !== null);
  const names = new Set(entries.filter((entry) => rangeOf(entry) === null).map((name) => name.toLowerCase()));
  const isInRange = (address: Address): boolean =>
    ranges.some((range) => range[0].kind() === address.kind() && matches(address, range));
  // Whoever allows this machine allows it by either family: `localhost` is both.
  const allowsLoopback =
    isInRange(ipaddr.parse('127.0.0.1')) || isInRange(ipaddr.parse('::1')) || names.has('localhost');
  const mayReach = (text: string): boolean => {
    if (!ipaddr.isValid(text)) return false;
    const address = ipaddr.parse(text);
    const inner = embedded(address);
    const isAllowed = [address, ...(inner === null ? [] : [inner])].some(isInRange);
    return isAllowed || (allowsLoopback && (inner ?? address).range() === 'loopback') || isPublic(address);
  };
  return {
    mayReach,
    hasHost: (host) => {
      const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
      if (names.has(bare)) return true;
      return ipaddr.isValid(bare) && mayReach(bare) && !isPublic(ipaddr.parse(bare));
    },
  };
}

/** Whether it is a range or an address; a name is none. */
export function rangeOf(entry: string): [Address, number] | null {
  if (ipaddr.isValidCIDR(entry)) return ipaddr.parseCIDR(entry);
  const bare = entry.replace(/^\[|\]$/g, '');
  // Not `127.1`, which is an address to some programs and none to others.
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return null;
  const address = ipaddr.parse(bare);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}

function matches(address: Address, [network, bits]: [Address, number]): boolean {
  if (address.kind() === 'ipv4') return address.match(network, bits);
  return address.match(network, bits);
}

/** Anybody's on the internet. An address with another one in it is as public as that. */
function isPublic(address: Address): boolean {
  const inner = embedded(address);
  return inner === null ? address.range() === 'unicast' : inner.range() === 'unicast';
}

/** Where the IPv4 address begins, in bytes, in IPv6 addresses that stand for one. */
const EMBEDDED: readonly { range: [ipaddr.IPv6, number]; from: number }[] = [
  { range: ipaddr.IPv6.parseCIDR('::ffff:0:0/96'), from: 12 }, // mapped
  { range: ipaddr.IPv6.parseCIDR('::/96'), from: 12 }, // compatible, deprecated; and ::1
  { range: ipaddr.IPv6.parseCIDR('64:ff9b::/96'), from: 12 }, // NAT64
  { range: ipaddr.IPv6.parseCIDR('2002::/16'), from: 2 }, // 6to4
];

function embedded(address: Address): ipaddr.IPv4 | null {
  if (address.kind() === 'ipv4' || ['loopback', 'unspecified'].includes(address.range())) return null;
  const place = EMBEDDED.find(({ range }) => (address as ipaddr.IPv6).match(range));
  if (place === undefined) return null;
  return new ipaddr.IPv4(address.toByteArray().slice(place.from, place.from + 4));
}
