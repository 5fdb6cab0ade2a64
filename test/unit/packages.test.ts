import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

type Package = {
  devOptional?: boolean;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
};

const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Package>;
};

/** Where `name` is found from the folder of a package: the nearest node_modules on the way up. */
function folderOf(name: string, from: string): string | null {
  for (let folder = from; ; folder = folder.slice(0, folder.lastIndexOf('node_modules')).replace(/\/$/, '')) {
    const place = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (place in packages) return place;
    if (folder === '') return null;
  }
}

/** Every package that the service needs, by its folder. */
function neededPackages(): Set<string> {
  const needed = new Set<string>();
  const waiting = [''];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const { dependencies = {}, optionalDependencies = {} } = packages[folder] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const found = folderOf(name, folder);
      if (found === null || needed.has(found)) continue;
      needed.add(found);
      waiting.push(found);
    }
  }
  return needed;
}

/** Packages that the code of the service imports. What Prisma writes is left out, and the page, which holds its own. */
function importedPackages(): Set<string> {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  const code = files
    .filter((file) => file.endsWith('.ts') && !/^(?:generated|page)\//.test(file))
    .map((file) => readFileSync(join(ROOT, 'src', file), 'utf8'))
    .join('\n');
  const names = [...code.matchAll(/^(?:import|export)\b(?! type\b)[^'"]*?from '([^.'][^']*)'/gm)];
  return new Set(
    names
      .map(([, name = '']) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name)
      .filter((name) => !name.startsWith('node:')),
  );
}

describe('the packages of the image', () => {
  it('are what the service imports, and none of it is for development alone', () => {
    const own = Object.keys(packages['']?.dependencies ?? {});
    expect([...importedPackages()].filter((name) => !own.includes(name))).toEqual([]);
    expect(importedPackages().size).toBeGreaterThan(5);
  });

  it('are all kept by scripts/slim-node-modules.mjs', () => {
    const needed = [...neededPackages()];
    expect(needed.length).toBeGreaterThan(50);
    expect(needed.filter((folder) => packages[folder]?.devOptional === true)).toEqual([]);
    expect(needed).not.toContain('node_modules/prisma');
  });
});
