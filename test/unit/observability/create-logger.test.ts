import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { createLogger } from '../../../src/observability/create-logger.js';

function written(isTTY: boolean, level = 'info'): string {
  const target = Object.assign(new PassThrough(), { isTTY });
  const log = createLogger(level, target);
  log.info({ sid: 's1', customerSecret: 'very secret' }, 'query.answered');
  log.debug('local.detail');
  return (target.read() as Buffer | null)?.toString() ?? '';
}

it('a terminal gets lines that people read', () => {
  const line = stripVTControlCharacters(written(true));
  expect(line).toMatch(
    /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: query\.answered \{"sid":"s1","customerSecret":"\[secret\]"\}\n$/,
  );
});

it('everything else gets a line of JSON for each event', () => {
  const lines = written(false).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    expect.objectContaining({ level: 30, msg: 'query.answered', sid: 's1', customerSecret: '[secret]' }),
  ]);
});

it('both hold as much as is asked for', () => {
  for (const isTTY of [true, false]) {
    expect(written(isTTY, 'debug')).toContain('local.detail');
    expect(written(isTTY, 'silent')).toBe('');
  }
});
