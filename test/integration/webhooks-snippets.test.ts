import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeSecret, signedHeaders } from '../../src/webhooks/signature.js';
import { goCommand, itWithGo } from '../support/go.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DOCUMENT = readFileSync(join(ROOT, 'docs/webhooks.md'), 'utf8');

type Delivery = { body: string; headers: Record<string, string>; secret: string };

/** The blocks of code of that language, as they stand in docs/webhooks.md. */
function blocks(language: string): string[] {
  return [...DOCUMENT.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, code]) => code ?? '');
}

function blockWith(language: string, words: string): string {
  const [found, ...others] = blocks(language).filter((code) => code.includes(words));
  if (found === undefined || others.length > 0) throw new Error(`docs/webhooks.md: not one ${language} with ${words}`);
  return found;
}

function delivery(atMs = Date.now()): Delivery {
  const secret = makeSecret();
  const body = JSON.stringify({ type: 'session.ended', timestamp: '2026-12-02T10:00:00.000Z', data: { name: 'Zoë' } });
  return { secret, body, headers: signedHeaders({ id: 'msg_1', body }, [makeSecret(), secret], atMs) };
}

/** Runs a program, which reads a delivery from its environment; returns what it printed. */
function run(command: string, args: readonly string[], told: Delivery): string {
  const env = { ...process.env, DELIVERY: JSON.stringify(told) };
  const { stdout, stderr, error } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', env });
  if (error !== undefined) throw error;
  return stdout.trim() || stderr;
}

/** What each says of a right delivery, of one that is not what was signed, of another secret, and of an old one. */
function expectVerifies(verify: (told: Delivery) => string, right: string, wrong: RegExp): void {
  const told = delivery();
  expect(verify(told)).toBe(right);
  for (const other of [
    { ...told, body: `${told.body} ` },
    { ...told, secret: makeSecret() },
    delivery(Date.now() - 600_000),
  ]) {
    expect(verify(other)).toMatch(wrong);
  }
}

const NODE = 'const { body, headers, secret } = JSON.parse(process.env.DELIVERY);\n';
const PYTHON = `
import json, os
told = json.loads(os.environ["DELIVERY"])
print(verify(told["body"].encode(), told["headers"], told["secret"]))
`;
const GO = `
func main() {
	var told struct {
		Body, Secret string
		Headers      map[string]string
	}
	if err := json.Unmarshal([]byte(os.Getenv("DELIVERY")), &told); err != nil {
		panic(err)
	}
	headers := http.Header{}
	for name, value := range told.Headers {
		headers.Set(name, value)
	}
	fmt.Println(verify([]byte(told.Body), headers, told.Secret))
}
`;

describe('what docs/webhooks.md has for those who verify a delivery', () => {
  it('works in Node with the client of this package', () => {
    const code = `${NODE}${blockWith('js', 'verifyWebhook')}console.log(event.type);`;
    const verify = (told: Delivery) => run('node', ['--input-type=module', '--eval', code], told);
    expectVerifies(verify, 'session.ended', /No signature|too old/);
  });

  it('works in Node without any package', () => {
    const code = `${NODE}${blockWith('js', 'createHmac')}console.log(verify(body, headers, secret));`;
    const verify = (told: Delivery) => run('node', ['--input-type=module', '--eval', code], told);
    expectVerifies(verify, 'true', /^false$/);
  });

  it('works in Python', () => {
    const code = `${blockWith('python', 'def verify')}${PYTHON}`;
    expectVerifies((told) => run('python3', ['-c', code], told), 'True', /^False$/);
  });

  itWithGo('works in Go', () => {
    const folder = mkdtempSync(join(tmpdir(), 'recording-ledger-go-'));
    const snippet = blockWith('go', 'func verify');
    const file = join(folder, 'main.go');
    writeFileSync(
      file,
      `package main\n\n${snippet.replace('import (', 'import (\n"encoding/json"\n"fmt"\n"os"')}${GO}`,
    );
    const built = spawnSync(goCommand(), ['build', '-o', join(folder, 'verify'), file], { encoding: 'utf8' });
    expect(built.stderr).toBe('');
    expectVerifies((told) => run(join(folder, 'verify'), [], told), 'true', /^false$/);
    rmSync(folder, { recursive: true });
  });
});
