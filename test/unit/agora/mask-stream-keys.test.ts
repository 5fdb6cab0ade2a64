import fc from 'fast-check';
import { maskStreamKeysIn } from '../../../src/agora/mask-stream-keys.js';
import { maskAddress, maskStreamKeys } from '../../../src/evidence/stream-keys.js';
import { SAMPLES } from '../../support/samples.js';

describe('an address that is pushed to', () => {
  it.each([
    ['rtmp://live.example.net/app/k1', 'rtmp://live.example.net/app/…'],
    ['rtmps://live.example.net:443/app/deep/k1', 'rtmps://live.example.net:443/app/deep/…'],
    ['rtmp://live.example.net/app/k1/', 'rtmp://live.example.net/app/…'],
    ['rtmp://live.example.net/app/k1?token=t/u', 'rtmp://live.example.net/app/…'],
    ['rtmp://live.example.net/app?auth=secret/k1', 'rtmp://live.example.net/…'],
    ['rtmp://user:pass@live.example.net/app/k1', 'rtmp://…@live.example.net/app/…'],
    ['rtmp://live.example.net/k1', 'rtmp://live.example.net/…'],
    ['rtmp://live.example.net', 'rtmp://live.example.net'],
    ['RTMP://live.example.net/app/k1', 'RTMP://live.example.net/app/…'],
    ['srt://live.example.net/app/k1', 'srt://live.example.net/app/…'],
    ['k1', '…'],
    ['', ''],
  ])('%s is shown as %s', (address, shown) => {
    expect(maskAddress(address)).toBe(shown);
    expect(maskAddress(shown)).toBe(shown);
  });
});

describe('a text', () => {
  it.each([
    ['pushing to rtmp://h/app/k1 failed', 'pushing to rtmp://h/app/… failed'],
    ['rtmp://h/app/a key of words', 'rtmp://h/app/…'],
    ['rtmp://h/app/k1,rtmp://h/app/k2', 'rtmp://h/app/…rtmp://h/app/…'],
    ['rtmp://h/k1 and https://h/a/b', 'rtmp://h/…'],
    ['at rtmp://h/k1,x/y', 'at rtmp://h/…'],
    ['at rtmp://h/app/k1/, then', 'at rtmp://h/app/… then'],
    ['to rtmp:k1 and on', 'to rtmp:… and on'],
    ['nothing to hide', 'nothing to hide'],
  ])('%s is shown as %s', (text, shown) => {
    expect(maskStreamKeys(text)).toBe(shown);
  });
});

describe('a body', () => {
  it('shows no stream key, and all the rest byte for byte', () => {
    const body =
      '{ "id": 12345678901234567890, "rtmpUrl":"rtmp:\\/\\/h\\/app\\/k1", "rtmpUrl" : "k2", "x":["rtmp://h/a/k3"],"y":"ü\\u00e4" }';
    expect(maskStreamKeysIn(body)).toBe(
      '{ "id": 12345678901234567890, "rtmpUrl":"rtmp://h/app/…", "rtmpUrl" : "…", "x":["rtmp://h/a/…"],"y":"ü\\u00e4" }',
    );
  });

  it('that tells of no address is left as it is', () => {
    for (const { body } of [...SAMPLES.notifications, ...SAMPLES.queries]) {
      const text = JSON.stringify(body);
      if (!/rtmp:/i.test(text)) expect(maskStreamKeysIn(text)).toBe(text);
    }
  });

  const key = fc.stringMatching(/^[A-Za-z0-9._~-]{8,20}$/).map((text) => `K${text}`);
  const escaped = (text: string): string => text.replaceAll('/', '\\/');
  const hidden = (text: string): string =>
    text.replace(/./gs, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);

  it('shows no stream key wherever it stands, however it is escaped and wherever it was cut off', () => {
    fc.assert(
      fc.property(key, fc.constantFrom('rtmp', 'rtmps', 'RTMP'), fc.nat(400), (secret, scheme, cut) => {
        const address = `${scheme}://host.example/app/${secret}`;
        const inner = JSON.stringify({ rtmpUrl: address, note: `push to ${address} failed` });
        const body = `{"a":"${address}","b":"${escaped(address)}","c":"${hidden(address)}","d":{"rtmpUrl":"${secret}"},"e":${JSON.stringify(inner)},"f":"lost ${escaped(address)} x","g":"${hidden(`at ${address}`)}"}`;
        expect(maskStreamKeysIn(body)).not.toContain(secret);
        expect(JSON.stringify(JSON.parse(maskStreamKeysIn(body)))).not.toContain(secret);
        const part = body.slice(0, body.length - cut);
        const shown = maskStreamKeysIn(part);
        expect(shown).not.toContain(secret);
        expect(shown).not.toContain(hidden(secret));
      }),
    );
  });
});
