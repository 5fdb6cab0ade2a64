import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SETTINGS } from '../../src/config/settings.js';

const COMPOSE = readFileSync(fileURLToPath(new URL('../../docker-compose.yml', import.meta.url)), 'utf8');

/** What an operator does not set here, and why. */
const NOT_PASSED: Readonly<Record<string, string>> = {
  ROLES: 'each part has its own',
  RECEIVER_HOST: 'within its container it listens everywhere',
  RECEIVER_PORT: 'the same in every container; RECEIVER_PUBLISH says where it is reached',
  API_PORT: 'the same in every container; API_PUBLISH says where it is reached',
  OPS_PORT: 'the same in every container, where its health check asks',
  DATA_DIR: 'the volume of the image',
  SPOOL_DIR: 'in that volume',
};

/** What the parts are given, by its name. */
const given = new Map(
  [...(/environment: &environment\n([^]*?)\n {2}\w/.exec(COMPOSE)?.[1] ?? '').matchAll(/^ {4}([A-Z_]+): (.*)$/gm)].map(
    ([, name = '', value = '']) => [name, value.replaceAll("'", '')] as const,
  ),
);

describe('docker-compose.yml', () => {
  it('hands every setting through, but for those that say why not', () => {
    const lost = Object.keys(SETTINGS).filter((name) => !given.has(name) && !(name in NOT_PASSED));
    expect(lost).toEqual([]);
    expect(Object.keys(NOT_PASSED).filter((name) => given.has(name) || !(name in SETTINGS))).toEqual([]);
  });

  it('takes each from the variable of the same name', () => {
    const others = [...given].filter(([name, value]) => !new RegExp(`^\\$\\{${name}:?[-?]`).test(value));
    expect(others).toEqual([
      ['PGPASSWORD', '${POSTGRES_PASSWORD:-ledger}'],
      ['API_HOST', '0.0.0.0'],
      ['OPS_HOST', '0.0.0.0'],
    ]);
  });

  it('puts no password into an address, where its characters would mean something else', () => {
    const urls = [...given.values()].flatMap((value) => /:?-(\w+:\/\/.*)\}$/.exec(value)?.[1] ?? []);
    expect(urls.length).toBeGreaterThan(1);
    for (const url of urls) expect(new URL(url).password).toBe('');
  });

  it('bounds the log of every part', () => {
    const services = COMPOSE.split('\nservices:\n')[1]?.split('\nvolumes:\n')[0] ?? '';
    const parts = services.split(/\n(?= {2}\w+:\n)/).filter((part) => /^\s*\w+:\n/.test(part));
    expect(parts.length).toBeGreaterThanOrEqual(7);
    expect(parts.filter((part) => !/<<: \*service|logging: \*logging/.test(part))).toEqual([]);
  });
});
