import type { Request, Response } from 'express';
import { EventEmitter } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { createReadGate } from '../../../src/http/api/read-gate.js';

const aResponse = (): Response =>
  Object.assign(new EventEmitter(), { destroyed: false, set: () => undefined }) as unknown as Response;
const aRequest = (method = 'GET'): Request => Object.assign(new EventEmitter(), { method }) as unknown as Request;

describe('reads', () => {
  it('are served a few at a time, the others in the order in which they came', async () => {
    const gate = createReadGate(1, 2);
    const served: number[] = [];
    const responses = [0, 1, 2].map((n) => {
      const response = aResponse();
      void gate(aRequest(), response, () => served.push(n));
      return response;
    });
    expect(served).toEqual([0]);
    responses[0]?.emit('prefinish');
    responses[0]?.emit('close');
    await wait(20);
    expect(served).toEqual([0, 1]);
    responses[1]?.emit('close');
    await wait(20);
    expect(served).toEqual([0, 1, 2]);
  });

  it('are refused beyond those that may wait, and writes are not', () => {
    const gate = createReadGate(1, 0);
    let served = 0;
    const next = (): void => void (served += 1);
    void gate(aRequest(), aResponse(), next);
    expect(() => void gate(aRequest(), aResponse(), next)).toThrow('Try again in a second.');
    void gate(aRequest('PUT'), aResponse(), next);
    expect(served).toBe(2);
  });
});
