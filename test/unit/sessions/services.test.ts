import type { Evidence } from '../../../src/evidence/evidence.js';
import type { ExtensionService } from '../../../src/evidence/observation.js';
import { BOUNDS } from '../../../src/sessions/facts/bounds.js';
import { noFacts } from '../../../src/sessions/facts/facts.js';
import { fold } from '../../../src/sessions/facts/fold.js';
import { conclude } from '../../../src/sessions/views/conclude.js';
import type { Session } from '../../../src/sessions/verdict/session.js';
import { anAnswer, aNotice, anObservation, anOutput, at, RULES, SID } from '../../support/builders.js';

function sessionOf(...evidence: readonly Evidence[]): Session {
  return conclude(fold(noFacts(SID), evidence), RULES).session;
}

const service = (name: string, told: Partial<ExtensionService> = {}): ExtensionService => ({
  name,
  state: null,
  onHold: null,
  files: [],
  outputs: [],
  ...told,
});

const web = (told: Partial<ExtensionService>) => service('web_recorder_service', told);
const cdn = (...outputs: ExtensionService['outputs']) => service('rtmp_publish_service', { outputs });
const answered = (seconds: number, ...services: ExtensionService[]) =>
  anObservation(seconds, anAnswer(4, { services }));
const pushed = (seconds: number, id: string, status: string) =>
  aNotice(seconds, { type: 'cdnStatus', ...anOutput(id, status) });
const webStopped = (seconds: number) =>
  aNotice(seconds, { type: 'webRecorderStopped', code: 0, reason: 'ok', text: null, files: [] });

describe('the parts of a session', () => {
  it('are none where nobody told of any', () => {
    expect(sessionOf(aNotice(1, { type: 'recorderStarted', status: 0 })).services).toEqual([]);
  });

  it('tell whether its web recorder is on hold, and that it has left', () => {
    const held = answered(60, web({ state: 'inProgress', onHold: true }));
    expect(sessionOf(held).services).toEqual([
      { name: 'web_recorder_service', state: 'inProgress', onHold: true, atMs: at(60), source: 'query' },
    ]);
    expect(sessionOf(held, webStopped(90)).services).toEqual([
      { name: 'web_recorder_service', state: 'exit', onHold: true, atMs: at(90), source: 'notice' },
    ]);
  });

  it('are as what happened last has them, whatever arrived last', () => {
    const evidence = [webStopped(90), answered(60, web({ state: 'inProgress', onHold: false }))];
    expect(sessionOf(...evidence).services).toMatchObject([{ state: 'exit', onHold: false, atMs: at(90) }]);
    expect(sessionOf(...evidence.toReversed()).services).toEqual(sessionOf(...evidence).services);
  });

  it('tell of each output its status and since when', () => {
    const { services } = sessionOf(
      pushed(10, 'a', 'connecting'),
      pushed(12, 'a', 'publishing'),
      answered(60, cdn(anOutput('a', 'publishing'), anOutput('b', 'connecting'))),
    );
    expect(services).toEqual([
      {
        name: 'rtmp_publish_service',
        outputs: [
          { url: 'rtmp://a.example.net/app/…', status: 'publishing', sinceMs: at(12) },
          { url: 'rtmp://b.example.net/app/…', status: 'connecting', sinceMs: at(60) },
        ],
        atMs: at(60),
        source: 'query',
      },
    ]);
  });

  it('count a status from the first time it was told since another was', () => {
    const statuses = [
      pushed(10, 'a', 'publishing'),
      pushed(20, 'a', 'disconnected'),
      pushed(30, 'a', 'publishing'),
      pushed(40, 'a', 'publishing'),
    ];
    const since = (evidence: readonly Evidence[]) => sessionOf(...evidence).services[0]?.outputs?.[0]?.sinceMs;
    expect(since(statuses)).toBe(at(30));
    expect(since(statuses.toReversed())).toBe(at(30));
  });

  it('have an output no more that a later answer does not list', () => {
    const { services } = sessionOf(pushed(10, 'a', 'disconnected'), answered(60, cdn(anOutput('b', 'publishing'))));
    expect(services[0]?.outputs).toMatchObject([{ url: 'rtmp://b.example.net/app/…' }]);
  });

  it('name the videos of a VoD service, each once', () => {
    const file = { trackType: null, uid: null, mixedAllUser: null, playable: null, sliceStartedMs: null };
    const told = service('aliyun_vod_service', {
      state: 'inProgress',
      files: [{ ...file, name: 'a.m3u8', videoId: 'v' }],
    });
    const begun = aNotice(5, { type: 'vodStarted', videoId: 'v' });
    expect(sessionOf(begun).services).toMatchObject([{ videos: [{ fileName: null, videoId: 'v' }] }]);
    expect(sessionOf(begun, answered(60, told)).services).toEqual([
      {
        name: 'aliyun_vod_service',
        state: 'inProgress',
        videos: [{ fileName: 'a.m3u8', videoId: 'v' }],
        atMs: at(60),
        source: 'query',
      },
    ]);
  });

  it('are bounded, whatever is told', () => {
    const many = Array.from({ length: 200 }, (_, n) => [
      answered(n, service(`s${String(n)}`), cdn(anOutput(`o${String(n)}`, `status ${String(n)}`))),
      pushed(n + 0.5, 'a', `status ${String(n)}`),
      pushed(n + 0.7, 'a', 'status 0'),
    ]).flat();
    const { services } = fold(noFacts(SID), many);
    expect(services.length).toBeLessThanOrEqual(BOUNDS.texts);
    expect(JSON.stringify(services).length).toBeLessThan(20_000);
  });
});

describe('an output that is disconnected', () => {
  it.each([
    ['a notification', [pushed(10, 'a', 'disconnected')]],
    ['a query', [answered(10, cdn(anOutput('a', 'disconnected')))]],
    ['both', [pushed(10, 'a', 'disconnected'), answered(20, cdn(anOutput('a', 'disconnected')))]],
  ])('is a finding, told by %s', (_by, evidence) => {
    const found = sessionOf(...evidence).findings.filter(({ code }) => code === 'cdn_disconnected');
    expect(found).toEqual([
      {
        code: 'cdn_disconnected',
        atMs: at(10),
        message: 'The CDN push to rtmp://a.example.net/app/… was disconnected.',
      },
    ]);
  });
});
