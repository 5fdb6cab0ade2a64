import { Writable } from 'node:stream';
import { pino } from 'pino';
import { createOpenResources } from '../../../src/start/open-resources.js';

function aLog() {
  const lines: string[] = [];
  const write = (line: Buffer, _encoding: string, done: () => void): void => {
    lines.push((JSON.parse(line.toString()) as { msg: string }).msg);
    done();
  };
  return { log: pino(new Writable({ write })), lines };
}

it('closes resources in the reverse order, one after another, and each once', async () => {
  const closed: string[] = [];
  const opened = createOpenResources(aLog().log);
  const close = async (name: string): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    closed.push(name);
  };
  for (const name of ['database', 'queue', 'listener']) expect(opened.add(name, close)).toBe(name);
  await opened.closeAll();
  await opened.closeAll();
  expect(closed).toEqual(['listener', 'queue', 'database']);
});

it('closes the others too if one cannot be closed, and logs it', async () => {
  const closed: string[] = [];
  const { log, lines } = aLog();
  const opened = createOpenResources(log);
  opened.add('database', (name) => closed.push(name));
  opened.add('queue', () => Promise.reject(new Error('it is away')));
  opened.add('client', () => {
    throw new Error('it never was open');
  });
  await opened.closeAll();
  expect(closed).toEqual(['database']);
  expect(lines).toEqual(['shutdown.step_failed', 'shutdown.step_failed']);
});
