import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeKeyFile, readKeyFile } from '../../../src/webhooks/key-file.js';
import { createSecretKeys } from '../../../src/webhooks/secret-keys.js';
import { isSecret, makeSecret } from '../../../src/webhooks/signature.js';

describe('secrets', () => {
  it('come back from what is stored, which does not show them, and is never the same', () => {
    const keys = createSecretKeys(['the key of the house']);
    const secret = makeSecret();
    const stored = [keys.encrypt(secret), keys.encrypt(secret)];
    expect(stored.map(keys.decrypt)).toEqual([secret, secret]);
    expect(stored[0]).not.toBe(stored[1]);
    expect(stored.join('')).not.toContain(secret.slice(6, 20));
  });

  it('are read with the old key while both are set, and not without it', () => {
    const stored = createSecretKeys(['the old key of 16']).encrypt('whsec_x');
    expect(createSecretKeys(['the new key of 16', 'the old key of 16']).decrypt(stored)).toBe('whsec_x');
    expect(createSecretKeys(['the new key of 16']).decrypt(stored)).toBeNull();
  });

  it('that somebody changed in the database are refused', () => {
    const keys = createSecretKeys(['the key of the house']);
    const stored = keys.encrypt('whsec_x');
    const changed = `${stored.slice(0, -2)}${stored.endsWith('AA') ? 'BB' : 'AA'}`;
    expect(() => keys.decrypt(changed)).toThrow();
  });

  it('are of 24 to 64 bytes', () => {
    const of = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 1).toString('base64')}`;
    expect([makeSecret(), of(24), of(64)].map(isSecret)).toEqual([true, true, true]);
    expect([of(23), of(65), 'whsec_', 'secret', `${of(24)}!`].map(isSecret)).not.toContain(true);
  });
});

describe('the file of the key', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'webhooks-key-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is made once, by one of those that make it at once, and only its owner reads it', async () => {
    const file = join(folder, 'data', 'secrets.key');
    expect(await readKeyFile(file)).toBeNull();
    const made = await Promise.all([makeKeyFile(file), makeKeyFile(file), makeKeyFile(file)]);
    expect(new Set(made.map(({ key }) => key)).size).toBe(1);
    expect(made.filter((one) => one.made)).toHaveLength(1);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });
});
