import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createS3Client } from '../../src/buckets/s3-client.js';
import { startCountingProxy, type CountingProxy } from '../support/counting-proxy.js';
import { createTestFolder } from '../support/folder.js';
import { describeWithSwift, startSwift, type OwnStore } from '../support/own-swift.js';
import { endProcesses } from '../support/processes.js';
import { APP, startTestService, type TestService } from '../support/service.js';
import { waitFor } from '../support/wait-for.js';

const WAIT = { deadlineMs: 20_000 };
const ENDED_MS = 1_772_445_630_000;

/** A playlist as Agora writes it: three segments of ten seconds, one after the other. */
const SEGMENTS = ['20260302100000000', '20260302100010000', '20260302100020000'];
function playlistOf(sid: string): string {
  const lines = SEGMENTS.map((utc) => `#EXTINF:10.000000\n${sid}_room_${utc}.ts`);
  return `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n${lines.join('\n')}\n#EXT-X-ENDLIST\n`;
}

/** Of its findings those that a bucket is the source of. */
function codesOf({ findings }: { findings: readonly { code: string }[] }): string[] {
  return findings.map(({ code }) => code).filter((code) => /^(files|segments|playlist|bucket)_/.test(code));
}

describeWithSwift('recordings in a bucket', () => {
  let store: OwnStore;
  let proxy: CountingProxy;
  let service: TestService;
  let made = 0;

  beforeAll(async () => {
    store = await startSwift();
    proxy = await startCountingProxy(store.endpoint);
    const file = join(await createTestFolder('buckets-'), 'buckets.json');
    const { region, bucket, accessKeyId, secretAccessKey } = store;
    const keys = { region, bucket, accessKeyId, secretAccessKey, prefix: 'rec' };
    const main = { name: 'main', endpoint: proxy.url, ...keys };
    await writeFile(file, JSON.stringify({ buckets: [main] }));
    service = await startTestService({ BUCKETS_FILE: file, BUCKET_CHECK_AFTER_MS: '200', BUCKET_QPS: '200' });
  }, 180_000);
  afterAll(async () => {
    await service.close();
    await proxy.close();
  });
  afterAll(() => endProcesses());

  function newSid(): string {
    made += 1;
    return made.toString(16).padStart(32, 'c');
  }

  /** It began 30 s before its end; the exit is told of, and nothing about its upload. */
  async function end(sid: string): Promise<void> {
    const told = { appId: APP, resourceId: 'r', mode: 'mix', cname: 'room', uid: '1' };
    await service.api('PUT', `/v1/sessions/${sid}`, { ...told, startedAt: '2026-03-02T10:00:00Z' });
    await service.notify({
      noticeId: `n-${sid}`,
      productId: 3,
      eventType: 11,
      notifyMs: ENDED_MS,
      payload: {
        cname: 'room',
        uid: '1',
        sid,
        sequence: 9,
        sendts: ENDED_MS,
        serviceType: 0,
        details: { msgName: 'session_exit', exitStatus: 0 },
      },
    });
  }

  async function putAll(sid: string, segments: readonly string[] = SEGMENTS): Promise<void> {
    await store.put(`rec/${sid}_room.m3u8`, playlistOf(sid));
    for (const utc of segments) await store.put(`rec/${sid}_room_${utc}.ts`, 'media');
  }

  async function lookedAt(sid: string, isSo: (session: any) => boolean): Promise<any> {
    return waitFor(async () => {
      const { body } = await service.api('GET', `/v1/sessions/${sid}`);
      return body.bucket !== undefined && isSo(body) ? body : null;
    }, WAIT);
  }

  it('whose upload nobody vouched for are looked for by themselves, and are uploaded if all is there', async () => {
    const sid = newSid();
    await putAll(sid);
    await end(sid);
    const session = await lookedAt(sid, ({ upload }) => upload.state === 'uploaded');
    expect(session.state).toBe('ended');
    expect(codesOf(session)).toEqual([]);
    expect(session.bucket).toMatchObject({ name: 'main', complete: true, segments: 3, recordedMs: 30_000, holes: [] });
    const { body } = await service.api('GET', `/v1/sessions/${sid}/files`);
    expect(body.files).toMatchObject([
      {
        name: `rec/${sid}_room.m3u8`,
        kind: 'playlist',
        complete: true,
        stored: { bucket: 'main' },
        sources: ['bucket'],
      },
    ]);
    const { body: history } = await service.api('GET', `/v1/sessions/${sid}/timeline`);
    expect(history.timeline).toContainEqual(expect.objectContaining({ source: 'bucket', kind: 'listed' }));
  });

  it('that lack a segment are told of with their hole, until it is there and somebody asks', async () => {
    const sid = newSid();
    await putAll(sid, [SEGMENTS[0] ?? '', SEGMENTS[2] ?? '']);
    await end(sid);
    const lacking = await lookedAt(sid, (found) => codesOf(found).length > 0);
    expect(codesOf(lacking)).toEqual(['segments_missing']);
    expect(lacking.upload.state).toBe('unknown');
    expect(lacking.bucket.holes).toEqual([
      { from: '2026-03-02T10:00:10.000Z', to: '2026-03-02T10:00:20.000Z', lengthMs: 10_000 },
    ]);
    await store.put(`rec/${sid}_room_${SEGMENTS[1] ?? ''}.ts`, 'media');
    expect((await service.api('POST', `/v1/sessions/${sid}/files/check`)).status).toBe(202);
    const whole = await lookedAt(sid, ({ upload }) => upload.state === 'uploaded');
    expect(codesOf(whole)).toEqual([]);
  });

  it('are not mixed up with a thousand neighbours whose sids begin alike, over several pages', async () => {
    const sid = newSid();
    const neighbours = Array.from(
      { length: 1_010 },
      (_, n) => `rec/${sid}${n.toString(16).padStart(4, '0')}_room.m3u8`,
    );
    for (let from = 0; from < neighbours.length; from += 16) {
      await Promise.all(neighbours.slice(from, from + 16).map((key) => store.put(key, '#EXTM3U\n')));
    }
    await store.put(`rec/bak0_${sid}_ro om&ü+.mp4`, 'media');
    await end(sid);
    await lookedAt(sid, ({ upload }) => upload.state === 'uploaded');
    const { body } = await service.api('GET', `/v1/sessions/${sid}/files`);
    expect(body.files).toMatchObject([{ name: `rec/bak0_${sid}_ro om&ü+.mp4`, kind: 'mp4', complete: null }]);
    expect(proxy.seen.filter(({ url }) => url.includes(`continuation-token`)).length).toBeGreaterThan(0);
  }, 120_000);

  it('are missing a day after the end, and not while the bucket refuses, which is told', async () => {
    const sid = newSid();
    proxy.refuse(403);
    await end(sid);
    const refused = await lookedAt(sid, (found) => codesOf(found).length > 0);
    expect(codesOf(refused)).toEqual(['bucket_refused']);
    expect(refused).toMatchObject({ state: 'ended', upload: { state: 'unknown' } });
    expect((await service.api('GET', '/v1/summary')).body.buckets).toMatchObject([
      { name: 'main', refused: { what: '403 AccessDenied' } },
    ]);
    proxy.refuse(null);
    await service.api('POST', `/v1/sessions/${sid}/files/check`);
    expect(codesOf(await lookedAt(sid, ({ upload }) => upload.state === 'missing'))).toEqual(['files_missing']);
    expect((await service.api('GET', '/v1/summary')).body.buckets).toMatchObject([{ refused: null }]);
  });

  it('are refused by the store itself with a wrong key, and are read with the right one', async () => {
    const options = { timeoutMs: 10_000, now: Date.now };
    const wrong = createS3Client({ ...store, secretAccessKey: 'wrong', forcePathStyle: true }, options);
    expect(await wrong.list('', null, 1)).toMatchObject({ kind: 'refused', status: 403 });
    await wrong.close();
    const astray = createS3Client({ ...store, bucket: 'elsewhere', forcePathStyle: true }, options);
    expect(await astray.list('', null, 1)).toMatchObject({ kind: 'refused', status: 404, code: 'NoSuchBucket' });
    await astray.close();
  });

  it('cannot be asked for where the session is not known', async () => {
    expect((await service.api('POST', '/v1/sessions/unknown/files/check')).status).toBe(404);
  });

  it('have never been written to', () => {
    expect(proxy.seen.length).toBeGreaterThan(10);
    expect([...new Set(proxy.seen.map(({ method }) => method))]).toEqual(['GET']);
  });
});
