import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const PAGE = fileURLToPath(new URL('../../../dist/page/', import.meta.url));
const MOST_BYTES = 40_000;

function scripts(): string[] {
  return readdirSync(`${PAGE}assets`).filter((name) => name.endsWith('.js'));
}

describe('the page as it is built', () => {
  it('has at most 40 kB of JavaScript, compressed', () => {
    const sizes = scripts().map((name) => gzipSync(readFileSync(`${PAGE}assets/${name}`)).length);
    expect(sizes.length).toBeGreaterThan(0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_BYTES);
  });

  it('has no script, style or event handler in its document, and nothing of another host', () => {
    const document = readFileSync(`${PAGE}index.html`, 'utf8');
    expect(document).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=|\sstyle=/);
    expect(document).not.toMatch(/https?:\/\//);
  });

  it('never makes markup of text', () => {
    for (const name of scripts()) {
      expect(readFileSync(`${PAGE}assets/${name}`, 'utf8')).not.toMatch(/insertAdjacentHTML|document\.write|eval\(/);
    }
  });
});
