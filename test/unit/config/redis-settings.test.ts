import { describeConfig, parseConfig, type Config } from '../../../src/config/parse-config.js';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const SENTINEL = { REDIS_SENTINELS: 'a:26379, b:26380,[::1]:26381', REDIS_SENTINEL_NAME: 'main' };
const CLUSTER = { REDIS_CLUSTER: 'a:7000,b:7001' };

function redisOf(environment: Record<string, string>, file = ''): Config['redis'] {
  const parsed = parseConfig(environment, () => file);
  if (!parsed.ok) throw new Error(parsed.problems.join('; '));
  return parsed.config.redis;
}

function problemsOf(environment: Record<string, string>, file = ''): readonly string[] {
  const parsed = parseConfig(environment, () => file);
  return parsed.ok ? [] : parsed.problems;
}

describe('the settings of Redis', () => {
  it('name one server, Sentinels with the name they watch, or nodes of a Cluster', () => {
    expect(redisOf({ REDIS_URL: 'redis://r:6379' })).toEqual({
      place: { kind: 'single', url: 'redis://r:6379' },
      username: null,
      password: null,
      tls: null,
    });
    expect(redisOf(SENTINEL)?.place).toEqual({
      kind: 'sentinel',
      sentinels: [
        { host: 'a', port: 26379 },
        { host: 'b', port: 26380 },
        { host: '::1', port: 26381 },
      ],
      name: 'main',
      sentinelPassword: null,
    });
    expect(redisOf(CLUSTER)?.place).toMatchObject({ kind: 'cluster', nodes: [{ host: 'a', port: 7000 }, {}] });
  });

  it('take a user, a password as it is, and TLS, for public certificates and for own ones', () => {
    const access = { REDIS_USERNAME: 'ledger', REDIS_PASSWORD: ' p@ss ', REDIS_TLS: 'ON' };
    expect(redisOf({ ...CLUSTER, ...access })).toMatchObject({
      username: 'ledger',
      password: ' p@ss ',
      tls: { ca: null },
    });
    expect(redisOf({ ...SENTINEL, ...access, REDIS_CA_FILE: 'x' }, PEM)?.tls).toEqual({ ca: PEM });
    expect(redisOf({ REDIS_URL: 'rediss://r', REDIS_CA_FILE: 'x' }, PEM)?.tls).toEqual({ ca: PEM });
    expect(redisOf({ ...CLUSTER, REDIS_TLS: 'off' })?.tls).toBeNull();
  });

  it.each([
    [{ REDIS_URL: 'redis://r', ...SENTINEL }, /^REDIS_SENTINELS: set beside REDIS_URL/],
    [{ REDIS_URL: 'redis://r', ...CLUSTER }, /^REDIS_CLUSTER: set beside REDIS_URL/],
    [{ ...SENTINEL, ...CLUSTER }, /^REDIS_CLUSTER: set beside REDIS_SENTINELS/],
    [{ REDIS_SENTINELS: 'a:1' }, /^REDIS_SENTINEL_NAME: missing.*for example REDIS_SENTINEL_NAME=/],
    [{ REDIS_SENTINEL_NAME: 'main' }, /^REDIS_SENTINELS: missing/],
    [{ REDIS_PASSWORD: 'p' }, /^REDIS_PASSWORD: set without REDIS_URL, REDIS_SENTINELS or REDIS_CLUSTER/],
    [{ REDIS_TLS: 'on' }, /^REDIS_TLS: set without/],
    [{ ...CLUSTER, REDIS_TLS: 'maybe' }, /^REDIS_TLS: must be on or off; for example REDIS_TLS=on$/],
    [{ ...CLUSTER, REDIS_USERNAME: 'u' }, /^REDIS_USERNAME: set without REDIS_PASSWORD/],
    [{ REDIS_URL: 'redis://:a@r', REDIS_PASSWORD: 'b' }, /^REDIS_PASSWORD: set beside a user or password in REDIS_URL/],
    [{ ...CLUSTER, REDIS_CA_FILE: 'x' }, /^REDIS_TLS: off, while REDIS_CA_FILE says whom to trust/],
    [{ ...CLUSTER, REDIS_TLS: 'on', REDIS_CA_FILE: 'x' }, /^REDIS_CA_FILE: holds no certificate/],
    [{ REDIS_CLUSTER: 'a' }, /^REDIS_CLUSTER: must be host:port/],
    [{ REDIS_CLUSTER: 'a:70000' }, /^REDIS_CLUSTER: must have ports/],
  ])('say in one line what is wrong with %j', (environment, problem) => {
    expect(problemsOf(environment)).toEqual([expect.stringMatching(problem)]);
  });

  it('name a file of certificates that cannot be read', () => {
    const parsed = parseConfig({ ...CLUSTER, REDIS_TLS: 'on', REDIS_CA_FILE: '/nowhere/ca.pem' });
    expect(parsed).toMatchObject({
      problems: [expect.stringMatching(/^REDIS_CA_FILE: cannot be read \((Error: )?ENOENT/)],
    });
  });

  it('show no password in the log', () => {
    const environment = { ...SENTINEL, REDIS_PASSWORD: 'hush-hush', REDIS_SENTINEL_PASSWORD: 'quiet-please' };
    const parsed = parseConfig(environment);
    if (!parsed.ok) throw new Error(parsed.problems.join());
    const shown = describeConfig(parsed.config);
    expect(shown['queue']).toBe('redis, sentinel');
    expect(JSON.stringify(shown)).not.toMatch(/hush-hush|quiet-please/);
  });
});
