import { unixMs } from '../../../../src/evidence/instant.js';
import { createEndpointBreaker } from '../../../../src/webhooks/run/endpoint-breaker.js';

const at = (ms: number) => unixMs(1_000_000 + ms);

function failing(times: number, sessions: number) {
  const breaker = createEndpointBreaker(1_000);
  for (let n = 0; n < times; n += 1) breaker.failed(`sid-${String(n % sessions)}`, at(0));
  return breaker;
}

describe('the breaker of an endpoint', () => {
  it('lets all out while one session alone fails, however often', () => {
    expect(failing(100, 1).mayTry(at(0))).toBe(true);
  });

  it('holds back once several sessions failed in a row, then lets one out at a time', () => {
    const breaker = failing(8, 4);
    expect(breaker.mayTry(at(999))).toBe(false);
    expect(breaker.mayTry(at(1_000))).toBe(true);
    breaker.tried();
    expect(breaker.mayTry(at(1_000))).toBe(false);
    breaker.gaveUp();
    expect(breaker.mayTry(at(1_000))).toBe(true);
  });

  it('rests for longer each time, and not at all after a success', () => {
    const breaker = failing(8, 4);
    breaker.tried();
    breaker.failed('sid-9', at(1_000));
    expect([breaker.mayTry(at(2_999)), breaker.mayTry(at(3_000))]).toEqual([false, true]);
    breaker.succeeded();
    expect(breaker.mayTry(at(2_000))).toBe(true);
    expect(breaker.restUntil()).toBeNull();
  });
});
