import type { Notice } from '../../../src/evidence/notice.js';
import { streamHistory } from '../../../src/sessions/views/streams.js';
import { aNotice, at } from '../../support/builders.js';

type Told = { streamUid?: string | null; media?: 'audio' | 'video'; dated?: boolean };

/** That receiving a stream begins or ends, `seconds` after the start. */
function stream(seconds: number, receiving: boolean | null, told: Told = {}): Notice {
  const { streamUid = '7', media = 'video', dated = true } = told;
  const atMs = dated ? at(seconds) : null;
  return aNotice(seconds, { type: 'streamChanged', media, streamUid, receiving, atMs });
}

/** That a slice starts; `discontinued`: when the last good one had ended. */
function slice(seconds: number, discontinued: number | null = null, dated = true): Notice {
  return aNotice(seconds, {
    type: 'sliceStarted',
    startedMs: dated ? at(seconds) : null,
    discontinuedMs: discontinued === null ? null : at(discontinued),
    mixedAllUser: true,
    streamUid: null,
    trackType: 'audio',
  });
}

const intervalsOf = (...told: Notice[]): unknown[] =>
  streamHistory(told).streams.map(({ streamUid, media, fromMs, toMs }) => [streamUid, media, fromMs, toMs]);

describe("a user's stream", () => {
  it('was received from when that began to when it ended, and each time anew', () => {
    const told = [stream(10, true), stream(40, false), stream(60, true), stream(90, false)];
    const expected = [
      ['7', 'video', at(10), at(40)],
      ['7', 'video', at(60), at(90)],
    ];
    expect(intervalsOf(...told)).toEqual(expected);
    expect(intervalsOf(...told.toReversed())).toEqual(expected);
  });

  it('is received still while nothing says that it ended', () => {
    expect(intervalsOf(stream(10, true), stream(40, false), stream(60, true))).toEqual([
      ['7', 'video', at(10), at(40)],
      ['7', 'video', at(60), null],
    ]);
  });

  it('began when that was first told, and ended when that was', () => {
    const told = [stream(10, true), stream(20, true), stream(40, false), stream(50, false)];
    expect(intervalsOf(...told)).toEqual([['7', 'video', at(10), at(40)]]);
  });

  it('was received for no time where it began and ended in one moment', () => {
    const expected = [['7', 'video', at(10), at(10)]];
    expect(intervalsOf(stream(10, false), stream(10, true))).toEqual(expected);
    expect(intervalsOf(stream(10, true), stream(10, false))).toEqual(expected);
  });

  it('is none where only its end was told, or neither who nor what', () => {
    expect(intervalsOf(stream(10, false))).toEqual([]);
    expect(intervalsOf(stream(10, true, { streamUid: null }), stream(20, null))).toEqual([]);
  });

  it('is one by sound and another by picture, and of each user another', () => {
    const told = [
      stream(10, true),
      stream(10, true, { media: 'audio' }),
      stream(5, true, { streamUid: '8' }),
      stream(30, false, { media: 'audio' }),
      stream(20, false, { streamUid: '8' }),
    ];
    const expected = [
      ['8', 'video', at(5), at(20)],
      ['7', 'audio', at(10), at(30)],
      ['7', 'video', at(10), null],
    ];
    expect(intervalsOf(...told)).toEqual(expected);
    expect(intervalsOf(...told.toReversed())).toEqual(expected);
  });

  it('changed when its notification was sent, where that says no time of its own', () => {
    expect(intervalsOf(stream(10, true, { dated: false }), stream(40, false, { dated: false }))).toEqual([
      ['7', 'video', at(10), at(40)],
    ]);
  });
});

describe('slices', () => {
  it('are listed by their start, and what lies before one may be an interruption', () => {
    const { slices, interruptions } = streamHistory([slice(100, 80), slice(1), slice(50, 40)]);
    expect(slices.map(({ startedMs }) => startedMs)).toEqual([at(1), at(50), at(100)]);
    expect(slices[0]).toEqual({ startedMs: at(1), streamUid: null, trackType: 'audio', mixedAllUser: true });
    expect(interruptions).toEqual([
      { fromMs: at(40), toMs: at(50), streamUid: null },
      { fromMs: at(80), toMs: at(100), streamUid: null },
    ]);
  });

  it('that go on where the last one ended are not interrupted', () => {
    expect(streamHistory([slice(50, 50), slice(60, 61)]).interruptions).toEqual([]);
  });

  it('began when their notification was sent, where that says no time of its own', () => {
    expect(streamHistory([slice(50, 40, false)])).toMatchObject({
      slices: [{ startedMs: at(50) }],
      interruptions: [{ fromMs: at(40), toMs: at(50) }],
    });
  });
});
