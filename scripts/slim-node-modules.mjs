// node scripts/slim-node-modules.mjs: takes out of a production install, in the folder it is run in,
// what the service never loads. For the image; needs dist/ beside it.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const packages = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;

// Prisma's client names Prisma's command line and TypeScript as optional peers. As they are there for
// development, npm keeps them, with all that they need, in an install without development packages too.
for (const [folder, { devOptional }] of Object.entries(packages)) {
  if (devOptional) rmSync(folder, { recursive: true, force: true });
}

// A compiler of queries for each kind of database, twice, in two formats: the generated client loads one.
const generated = join('dist', 'generated', 'prisma', 'internal');
const loaded = readdirSync(generated)
  .filter((file) => file.endsWith('.js'))
  .map((file) => readFileSync(join(generated, file), 'utf8'))
  .join('\n');
const runtime = join('node_modules', '@prisma', 'client', 'runtime');
const compilers = readdirSync(runtime).filter((file) => file.startsWith('query_compiler_'));
const needed = compilers.filter((file) => loaded.includes(`/runtime/${file}"`));
if (needed.length === 0) throw new Error(`None of ${compilers.join(', ')} is loaded by ${generated}.`);
const maps = readdirSync(runtime).filter((file) => file.endsWith('.map'));
for (const file of [...compilers, ...maps]) {
  if (!needed.includes(file)) rmSync(join(runtime, file));
}

// Each package of OpenTelemetry comes as three kinds of module, with maps: Node loads one.
const telemetry = join('node_modules', '@opentelemetry');
for (const name of existsSync(telemetry) ? readdirSync(telemetry) : []) {
  const build = join(telemetry, name, 'build');
  for (const kind of ['esm', 'esnext']) rmSync(join(build, kind), { recursive: true, force: true });
  for (const file of existsSync(build) ? readdirSync(build, { recursive: true }) : []) {
    if (/\.(map|d\.ts)$/.test(file)) rmSync(join(build, file));
  }
}

// Commands of what has gone.
const commands = join('node_modules', '.bin');
for (const name of existsSync(commands) ? readdirSync(commands) : []) {
  if (!existsSync(join(commands, name))) rmSync(join(commands, name), { force: true });
}
