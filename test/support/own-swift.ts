import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AwsClient } from 'aws4fetch';
import { freePort } from '../../src/embedded/free-port.js';
import { createTestFolder } from './folder.js';
import { startProgram } from './processes.js';
import { waitFor } from './wait-for.js';

const programs = process.env['LEDGER_TEST_SWIFT'] || null;

/** Without Swift these suites do not run; the run has said so in its first lines. */
export const describeWithSwift = programs === null ? describe.skip : describe;

const HOST = '127.0.0.1';
const KINDS = ['account', 'container', 'object'] as const;

/** A store that speaks S3, with a bucket of its own. `put` stores an object as an uploader does. */
export type OwnStore = {
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  put: (key: string, body: string) => Promise<void>;
  remove: (key: string) => Promise<void>;
};

const KEYS = { accessKeyId: 'test:tester', secretAccessKey: 'testing' };
const REGION = 'us-east-1';

/** OpenStack Swift in one copy on one disk. It ends with the test's processes. */
export async function startSwift(bucket = 'recordings'): Promise<OwnStore> {
  const folder = await createTestFolder('swift-');
  const ports = { proxy: await freePort(HOST), cache: await freePort(HOST), account: 0, container: 0, object: 0 };
  await mkdir(join(folder, 'disk', 'd1'), { recursive: true });
  for (const kind of KINDS) {
    ports[kind] = await freePort(HOST);
    await writeFile(join(folder, `${kind}.conf`), storageConfig(folder, kind, ports[kind]));
  }
  await buildRings(folder, ports);
  await writeFile(join(folder, 'proxy.conf'), proxyConfig(folder, ports.proxy, ports.cache));
  startProgram('memcached', ['-l', HOST, '-p', String(ports.cache), '-m', '16', '-u', 'nobody']);
  for (const kind of [...KINDS, 'proxy'] as const)
    startProgram(program(`swift-${kind}-server`), [join(folder, `${kind}.conf`)]);
  const store = storeAt(`http://${HOST}:${String(ports.proxy)}`, bucket);
  await waitFor(() => store.makeBucket().then(() => true), { deadlineMs: 120_000, what: 'Swift' });
  return store;
}

function program(name: string): string {
  return join(programs ?? '', name);
}

/** Which disk of which server has what: for each kind all on the one. In one process, for each takes long to begin. */
const RINGS = `
import sys
from swift.common.ring import RingBuilder
for told in sys.argv[2:]:
    kind, port = told.split('=')
    at = {'ip': '${HOST}', 'port': int(port), 'replication_ip': '${HOST}', 'replication_port': int(port)}
    ring = RingBuilder(2, 1, 0)
    ring.add_dev({'id': 0, 'region': 1, 'zone': 1, 'device': 'd1', 'weight': 1, 'meta': '', **at})
    ring.rebalance()
    ring.get_ring().save(f'{sys.argv[1]}/{kind}.ring.gz')
`;

async function buildRings(folder: string, ports: Readonly<Record<(typeof KINDS)[number], number>>): Promise<void> {
  const told = KINDS.map((kind) => `${kind}=${String(ports[kind])}`);
  const built = startProgram('/usr/bin/python3', ['-c', RINGS, folder, ...told]);
  const { code } = await built.ended;
  if (code !== 0) throw new Error(`Swift's rings could not be built: ${built.output()}`);
}

function common(folder: string, port: number): string[] {
  return [
    '[DEFAULT]',
    `bind_ip = ${HOST}`,
    `bind_port = ${String(port)}`,
    `swift_dir = ${folder}`,
    `devices = ${join(folder, 'disk')}`,
    'mount_check = false',
    'workers = 0',
    `user = ${process.getuid?.() === 0 ? 'root' : (process.env['USER'] ?? 'nobody')}`,
    'disable_fallocate = true',
    'log_statsd_host =',
  ];
}

function storageConfig(folder: string, kind: string, port: number): string {
  const app = [`[app:${kind}-server]`, `use = egg:swift#${kind}`, 'replication_server = false'];
  return [...common(folder, port), '[pipeline:main]', `pipeline = ${kind}-server`, ...app, ''].join('\n');
}

function proxyConfig(folder: string, port: number, cachePort: number): string {
  return [
    ...common(folder, port),
    '[pipeline:main]',
    'pipeline = catch_errors cache listing_formats s3api tempauth proxy-server',
    '[filter:cache]',
    'use = egg:swift#memcache',
    `memcache_servers = ${HOST}:${String(cachePort)}`,
    '[app:proxy-server]',
    'use = egg:swift#proxy',
    'account_autocreate = true',
    '[filter:catch_errors]',
    'use = egg:swift#catch_errors',
    '[filter:listing_formats]',
    'use = egg:swift#listing_formats',
    '[filter:s3api]',
    'use = egg:swift#s3api',
    `location = ${REGION}`,
    '[filter:tempauth]',
    'use = egg:swift#tempauth',
    'user_test_tester = testing .admin',
    '',
  ].join('\n');
}

function storeAt(endpoint: string, bucket: string): OwnStore & { makeBucket: () => Promise<void> } {
  const client = new AwsClient({ ...KEYS, region: REGION, service: 's3', retries: 2 });
  const send = async (method: string, key: string, body?: string): Promise<void> => {
    const path = key.split('/').map(encodeURIComponent).join('/');
    const response = await client.fetch(`${endpoint}/${bucket}/${path}`, {
      method,
      ...(body === undefined ? {} : { body }),
    });
    if (!response.ok) throw new Error(`${method} ${key}: ${String(response.status)} ${await response.text()}`);
  };
  return {
    ...KEYS,
    endpoint,
    region: REGION,
    bucket,
    put: (key, body) => send('PUT', key, body),
    remove: (key) => send('DELETE', key),
    makeBucket: () => send('PUT', ''),
  };
}
