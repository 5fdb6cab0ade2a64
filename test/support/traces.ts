import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { waitFor } from './wait-for.js';

/** Waits until a folder is empty and no process names it: until what worked there has left nothing. */
export async function expectNoTraces(folder: string, deadlineMs = 10_000): Promise<void> {
  const traces = async (): Promise<string[]> => [...(await readdir(folder)), ...(await processesNaming(folder))];
  await waitFor(async () => (await traces()).length === 0, { deadlineMs }).catch(async () => {
    expect(await traces()).toEqual([]);
  });
}

async function processesNaming(folder: string): Promise<string[]> {
  return (await commandLines()).filter((line) => line.includes(`${folder}/`));
}

async function commandLines(): Promise<string[]> {
  if (process.platform !== 'linux') {
    const { stdout } = await promisify(execFile)('/bin/ps', ['-axww', '-o', 'command=']);
    return stdout.split('\n');
  }
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
}
