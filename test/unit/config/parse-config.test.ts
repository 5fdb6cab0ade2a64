import { describeConfig, parseConfig, type Config } from '../../../src/config/parse-config.js';

const ONE_APP = {
  AGORA_APP_ID: 'app',
  AGORA_CUSTOMER_ID: 'id',
  AGORA_CUSTOMER_SECRET: 'very-secret',
  AGORA_NCS_SECRET: 'first,second',
};

function configOf(environment: Record<string, string>, file?: string): Config {
  const parsed = parseConfig(environment, () => file ?? '');
  if (!parsed.ok) throw new Error(parsed.problems.join('; '));
  return parsed.config;
}

function problemsOf(environment: Record<string, string>, file?: string): readonly string[] {
  const parsed = parseConfig(environment, () => file ?? '');
  return parsed.ok ? [] : parsed.problems;
}

describe('the settings', () => {
  it('need not be set: everything has a default or can do without', () => {
    expect(configOf({})).toMatchObject({
      roles: ['receiver', 'api', 'jobs'],
      receiver: { host: '0.0.0.0', port: 8080, maxBytes: 1_048_576 },
      api: { host: '127.0.0.1', port: 8081, keys: [] },
      databaseUrl: null,
      redis: null,
      accounts: [],
      baseUrls: ['https://api.agora.io', 'https://api.sd-rtn.com'],
      qpsShare: 0.9,
      rules: {
        startCheckAfterMs: 5_000,
        startDeadlineMs: 90_000,
        goneConfirmMs: 90_000,
        routineIntervalMs: 120_000,
        reorderGraceMs: 3_000,
        retryBackoffMs: [5_000, 10_000, 15_000, 30_000],
        subscribedEvents: null,
      },
      queryTimeoutMs: 10_000,
      retention: { evidence: 0, changes: 30, identities: 90, quarantine: 365, usage: 400 },
    });
  });

  it('make one account of the one-app case, with every secret while rotating', () => {
    expect(configOf(ONE_APP).accounts).toEqual([
      {
        name: 'default',
        customerId: 'id',
        customerSecret: 'very-secret',
        qps: 10,
        apps: [{ appId: 'app', ncsSecrets: ['first', 'second'], qps: null }],
      },
    ]);
  });

  it('take further accounts from a file, each with its own limit', () => {
    const apps = [{ appId: 'other', ncsSecrets: ['s'] }];
    const accounts = [{ name: 'b', customerId: 'i', customerSecret: 'c', qps: 50, apps }];
    const config = configOf({ ...ONE_APP, AGORA_CONFIG_FILE: 'x' }, JSON.stringify({ accounts }));
    expect(config.accounts.map(({ name, qps }) => [name, qps])).toEqual([
      ['default', 10],
      ['b', 50],
    ]);
  });

  it.each([
    ['ROLES', 'receiver,worker', 'ROLES=receiver'],
    ['RECEIVER_PORT', '99999', 'RECEIVER_PORT=8080'],
    ['API_KEYS', 'no-role', 'API_KEYS=billing:read:'],
    ['DATABASE_URL', 'mysql://x', 'DATABASE_URL=postgres://'],
    ['REDIS_URL', 'localhost:6379', 'REDIS_URL=redis://'],
    ['AGORA_BASE_URLS', 'http://api.agora.io', 'AGORA_BASE_URLS=https://'],
    ['AGORA_QPS', 'ten', 'AGORA_QPS=10'],
    ['AGORA_QPS_SHARE', '1.5', 'AGORA_QPS_SHARE=0.9'],
    ['GONE_CONFIRM_MS', '-1', 'GONE_CONFIRM_MS=90000'],
    ['RETRY_BACKOFF_MS', '5000;1', 'RETRY_BACKOFF_MS=5000,10000'],
    ['NCS_SUBSCRIBED_EVENTS', '11,x', 'NCS_SUBSCRIBED_EVENTS=1,11'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL=info'],
  ])('say in one line that %s=%s is wrong, with an example', (name, value, example) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name}: `));
    expect(problems[0]).toContain(example);
    expect(problems[0]).not.toContain('\n');
  });

  it('are all checked before anything is said', () => {
    expect(problemsOf({ AGORA_QPS: 'ten', ROLES: 'x', RECEIVER_PORT: '-1' })).toHaveLength(3);
  });

  it('want all four of the one-app case', () => {
    expect(problemsOf({ AGORA_APP_ID: 'app' })).toEqual([
      'AGORA_CUSTOMER_ID, AGORA_CUSTOMER_SECRET, AGORA_NCS_SECRET: missing; the four settings of the one-app case go together',
    ]);
  });

  it('want keys as soon as the API listens beyond loopback', () => {
    expect(problemsOf({ API_HOST: '0.0.0.0' })[0]).toMatch(/^API_KEYS: /);
    expect(problemsOf({ API_HOST: '0.0.0.0', API_KEYS: 'a:read:12345678' })).toEqual([]);
  });

  it('refuse an app that belongs to two accounts', () => {
    const apps = [{ appId: 'app', ncsSecrets: ['s'] }];
    const file = JSON.stringify({ accounts: [{ name: 'b', customerId: 'i', customerSecret: 'c', apps }] });
    expect(problemsOf({ ...ONE_APP, AGORA_CONFIG_FILE: 'x' }, file)).toEqual([
      'AGORA_CONFIG_FILE: app app is configured twice',
    ]);
  });

  it('name what is wrong in the file', () => {
    expect(problemsOf({ AGORA_CONFIG_FILE: 'x' }, '{"accounts":[{"name":"b"}]}')[0]).toMatch(
      /^AGORA_CONFIG_FILE: accounts\.0\.customerId is wrong/,
    );
    expect(problemsOf({ AGORA_CONFIG_FILE: 'x' }, 'not json')[0]).toMatch(/^AGORA_CONFIG_FILE: /);
  });

  it('show no secret in the log', () => {
    const shown = JSON.stringify(
      describeConfig(
        configOf({
          ...ONE_APP,
          API_KEYS: 'a:write:topsecret1',
          REDIS_URL: 'redis://:pw@h',
          OTEL_EXPORTER_OTLP_ENDPOINT: 'https://user:hidden@collector:4318',
        }),
      ),
    );
    for (const secret of ['very-secret', 'first', 'second', 'topsecret1', 'pw', 'hidden']) {
      expect(shown).not.toContain(secret);
    }
  });
});
