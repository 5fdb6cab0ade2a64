import { readBuckets } from '../../../src/config/buckets.js';

const KEYS = { accessKeyId: 'id', secretAccessKey: 'secret' };

function read(...buckets: object[]) {
  const problems: string[] = [];
  const found = readBuckets('b.json', () => JSON.stringify({ buckets }), problems);
  return { found, problems };
}

describe('BUCKETS_FILE', () => {
  it.each([
    [{ region: 'eu-central-1' }, 'https://s3.eu-central-1.amazonaws.com', 'eu-central-1'],
    [{ region: 7 }, 'https://s3.eu-central-1.amazonaws.com', 'eu-central-1'],
    [{ region: 15 }, 'https://s3.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    [{ vendor: 2, region: 0 }, 'https://s3.oss-cn-hangzhou.aliyuncs.com', 'cn-hangzhou'],
    [{ vendor: 3, region: 3 }, 'https://cos.ap-guangzhou.myqcloud.com', 'ap-guangzhou'],
    [{ vendor: 6, region: 'auto' }, 'https://storage.googleapis.com', 'auto'],
  ])('knows the endpoint of %j', (where, endpoint, region) => {
    const { found, problems } = read({ name: 'main', bucket: 'rec', ...KEYS, ...where });
    expect(problems).toEqual([]);
    expect(found).toMatchObject([{ endpoint, region, forcePathStyle: false, appIds: null, prefix: '' }]);
  });

  it('names the bucket in the path where the host has no names below it, or where it was told so', () => {
    const one = { name: 'main', bucket: 'rec', region: 'r', ...KEYS };
    expect(read({ ...one, endpoint: 'http://127.0.0.1:9000' }).found).toMatchObject([{ forcePathStyle: true }]);
    expect(read({ ...one, endpoint: 'http://minio:9000', forcePathStyle: true }).found).toMatchObject([
      { endpoint: 'http://minio:9000', forcePathStyle: true },
    ]);
  });

  it('takes a prefix for a folder', () => {
    expect(read({ name: 'm', bucket: 'b', region: 'r', prefix: '/a/b', ...KEYS }).found).toMatchObject([
      { prefix: 'a/b/' },
    ]);
  });

  it.each([
    [[{ name: 'm', bucket: 'b', region: 'r', accessKeyId: 'i' }], 'buckets.0.secretAccessKey'],
    [[{ name: 'm', bucket: 'b', ...KEYS }], 'buckets.0.region'],
    [[{ name: 'm', bucket: 'b', region: 999, ...KEYS }], 'buckets.0.region'],
    [[{ name: 'm', bucket: 'b', region: 'r', vendor: 7, ...KEYS }], 'buckets.0.endpoint'],
    [[{ name: 'm', bucket: 'b', region: 'r', endpoint: 'ftp://x', ...KEYS }], 'buckets.0.endpoint'],
    [[1, 2].map(() => ({ name: 'm', bucket: 'b', region: 'r', ...KEYS })), 'buckets.1.name'],
  ])('names the file and the field that is wrong', (buckets, field) => {
    const { problems } = read(...(buckets as object[]));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(`BUCKETS_FILE: b.json: ${field}: `);
    expect(problems[0]).not.toContain('secret"');
  });

  it('says that a file cannot be read, or is no JSON', () => {
    const problems: string[] = [];
    const absent = (): string => {
      throw new Error('no such file');
    };
    readBuckets('b.json', absent, problems);
    readBuckets('b.json', () => '{', problems);
    expect(problems).toEqual([
      expect.stringContaining('BUCKETS_FILE: b.json: it: cannot be read (no such file)'),
      expect.stringContaining('BUCKETS_FILE: b.json: it: '),
    ]);
  });
});
