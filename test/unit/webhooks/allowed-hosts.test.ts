import type { LookupAddress } from 'node:dns';
import { createAllowedHosts } from '../../../src/webhooks/allowed-hosts.js';
import { checkedLookup, complaintAboutHost, type Resolve } from '../../../src/webhooks/check-address.js';

const NONE = createAllowedHosts([]);
const answering =
  (...addresses: string[]): Resolve =>
  () =>
    Promise.resolve(addresses.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })));

const complaint = (url: string, allowed = NONE, resolve = answering('93.184.216.34')) =>
  complaintAboutHost(new URL(url), allowed, resolve);

describe('where webhooks may go', () => {
  it.each([
    '127.0.0.1',
    '10.0.0.1',
    '172.16.9.9',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '198.18.0.1',
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    'fec0::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::7f00:1',
    '2002:7f00:1::',
    '2001::1',
    '2001:db8::1',
    'not an address',
  ])('is not %s', (address) => {
    expect(NONE.mayReach(address)).toBe(false);
  });

  it.each(['93.184.216.34', '2606:4700::1111', '::ffff:93.184.216.34', '64:ff9b::5db8:d822'])('is %s', (address) => {
    expect(NONE.mayReach(address)).toBe(true);
  });

  it('is what is allowed by name, by address or by range, and nothing beside it', () => {
    const allowed = createAllowedHosts(['hooks.internal', '10.20.0.0/16', 'fd00::/8', '192.168.7.7']);
    expect(['10.20.3.4', '::ffff:10.20.3.4', 'fd12::1', '192.168.7.7'].map(allowed.mayReach)).not.toContain(false);
    expect(['10.21.0.1', 'fe80::1', '192.168.7.8', '127.0.0.1'].map(allowed.mayReach)).not.toContain(true);
    expect(allowed.hasHost('HOOKS.internal')).toBe(true);
    expect(allowed.hasHost('other.internal')).toBe(false);
  });

  it('is this machine by either family, where it is allowed by one', async () => {
    const allowed = createAllowedHosts(['127.0.0.1']);
    expect(await complaint('http://localhost:9/', allowed, answering('127.0.0.1', '::1'))).toBeNull();
  });

  it.each(['http://2130706433/', 'http://0x7f.1/', 'http://127.1/', 'https://[::ffff:7f00:1]/', 'https://localhost/'])(
    'is not this machine, written as %s',
    async (url) => {
      expect(await complaint(url)).toMatch(/private, loopback/);
    },
  );

  it('is no host of which one address is private, though others are not', async () => {
    const resolve = answering('93.184.216.34', '10.0.0.1');
    expect(await complaint('https://both.example/', NONE, resolve)).toContain('both.example is 10.0.0.1');
  });

  it('is nowhere by plain http but where it is allowed', async () => {
    expect(await complaint('http://public.example/')).toContain('use https');
    expect(await complaint('http://public.example/', createAllowedHosts(['public.example']))).toBeNull();
    expect(await complaint('https://public.example/')).toBeNull();
  });

  it('is checked again when it is called, so that a name that lies the second time is refused then', async () => {
    const answers = [answering('93.184.216.34'), answering('127.0.0.1')];
    const lying: Resolve = (host) => (answers.shift() ?? answering('127.0.0.1'))(host);
    expect(await complaint('https://rebinding.example/', NONE, lying)).toBeNull();
    const error = await new Promise<Error | null>((resolve) => {
      checkedLookup(NONE, lying)('rebinding.example', { all: true }, (refused) => resolve(refused));
    });
    expect(error?.message).toContain('rebinding.example is 127.0.0.1');
  });

  it('hands over the addresses that it checked, and asks no more', async () => {
    let asked = 0;
    const counting: Resolve = (host) => {
      asked += 1;
      return answering('93.184.216.34')(host);
    };
    const addresses = await new Promise((resolve) => {
      checkedLookup(NONE, counting)('public.example', { all: true }, (_error, found) => resolve(found));
    });
    expect(addresses).toEqual([{ address: '93.184.216.34', family: 4 }]);
    expect(asked).toBe(1);
  });
});
