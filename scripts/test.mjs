// `npm test [-- jest arguments]`. Jest runs ES modules only when Node is started with a flag.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const args = process.argv.slice(2);
const workers = args.some((arg) => /^(-w|-i$|--maxWorkers|--runInBand)/.test(arg)) ? [] : ['--maxWorkers=3'];

const { status } = spawnSync(process.execPath, [...flags, jest, ...workers, ...args], {
  cwd: dirname(dirname(fileURLToPath(import.meta.url))),
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
