import { verifySignature } from '../../../src/agora/signature.js';
import { SAMPLES } from '../../support/samples.js';

const PUBLISHED_MISMATCH = 'published-mismatch-without-eventMs';

describe.each(SAMPLES.signatures)('the signed body $id', (sample) => {
  const body = Buffer.from(sample.body);
  const v1 = sample.agoraSignature;
  const v2 = sample.agoraSignatureV2;

  it('is accepted by either signature over its exact bytes', () => {
    expect(verifySignature(body, { v1, v2 }, [sample.secret])).toBe(0);
    expect(verifySignature(body, { v1, v2: undefined }, [sample.secret])).toBe(0);
    expect(verifySignature(body, { v1: undefined, v2 }, [sample.secret])).toBe(0);
  });

  it('is accepted by any of several active secrets, and names which', () => {
    expect(verifySignature(body, { v1, v2 }, ['old', sample.secret, 'next'])).toBe(1);
  });

  it('is refused with another secret, one byte more, or no signature at all', () => {
    expect(verifySignature(body, { v1, v2 }, ['other'])).toBeNull();
    expect(verifySignature(body, { v1, v2 }, [])).toBeNull();
    const longer = Buffer.concat([body, Buffer.from(' ')]);
    expect(verifySignature(longer, { v1, v2 }, [sample.secret])).toBeNull();
    expect(verifySignature(body, { v1: undefined, v2: undefined }, [sample.secret])).toBeNull();
  });
});

it('a wrong V2 is not saved by a right V1', () => {
  const [sample] = SAMPLES.signatures;
  if (sample === undefined) throw new Error('no samples');
  const body = Buffer.from(sample.body);
  const v1 = sample.agoraSignature;
  for (const v2 of ['', '0'.repeat(64), v1, sample.agoraSignatureV2.toUpperCase()]) {
    expect(verifySignature(body, { v1, v2 }, [sample.secret])).toBeNull();
  }
});

it('the digests that pages print beside the wrong body are refused', () => {
  const sample = SAMPLES.signatures.find(({ id }) => id === PUBLISHED_MISMATCH);
  if (sample?.published === undefined) throw new Error('no such sample');
  const { agoraSignature: v1, agoraSignatureV2: v2 } = sample.published;
  expect(verifySignature(Buffer.from(sample.body), { v1, v2 }, [sample.secret])).toBeNull();
});
