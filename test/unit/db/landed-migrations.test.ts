import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  addLanded,
  findBrokenHistory,
  notLanded,
  parseLanded,
  readReleasedSchemas,
} from '../../../src/db/migrations/landed-migrations.js';
import { prismaFolder, readMigrations } from '../../../src/db/migrations/migrations-folder.js';

const migration = (name: string, checksum = `sum of ${name}`): { name: string; checksum: string } => ({
  name,
  checksum,
});
const LANDED = [migration('1_a'), migration('2_b')];
const LIST = `# 0.1.0
sum-a  migrations/1_a/migration.sql
# 0.2.0
sum-b  migrations/2_b/migration.sql
`;

describe('a migration that has landed', () => {
  it('is as it landed', () => {
    expect(findBrokenHistory(LANDED, [...LANDED, migration('3_c')])).toEqual([]);
  });

  it('is missed when it is gone', () => {
    expect(findBrokenHistory(LANDED, [migration('2_b')])).toEqual(['1_a has landed and is gone: put it back']);
  });

  it('is told from one that was changed', () => {
    expect(findBrokenHistory(LANDED, [migration('1_a', 'other'), migration('2_b')])).toEqual([
      '1_a has landed and was changed: put it back, and write a new migration',
    ]);
  });

  it('comes before every new one', () => {
    expect(findBrokenHistory(LANDED, [...LANDED, migration('1_z')])).toEqual([
      '1_z is dated before 2_b, which has landed: give it a later date',
    ]);
  });
});

describe('the list of those that have landed', () => {
  it('says by which migrations the schema of each release was made', () => {
    expect(parseLanded(LIST)).toEqual([
      { release: '0.1.0', migrations: [migration('1_a', 'sum-a')] },
      { release: '0.2.0', migrations: [migration('1_a', 'sum-a'), migration('2_b', 'sum-b')] },
    ]);
  });

  it('takes new ones in as those of a release, unless it has been released', () => {
    const present = [migration('1_a', 'sum-a'), migration('2_b', 'sum-b'), migration('3_c', 'sum-c')];
    const longer = `${LIST}# 0.3.0\nsum-c  migrations/3_c/migration.sql\n`;
    expect(addLanded(LIST, '0.3.0', present)).toBe(longer);
    expect(() => addLanded(longer, '0.3.0', present)).toThrow('0.3.0 has been released');
  });
});

describe('the migrations of this package', () => {
  it('are history where they have landed, and come after it where they have not', async () => {
    const landed = (await readReleasedSchemas()).at(-1)?.migrations ?? [];
    expect(landed.length).toBeGreaterThanOrEqual(12);
    expect(findBrokenHistory(landed, await readPresent())).toEqual([]);
  });

  it('have all landed when a version is released: node scripts/new-migration.mjs --land', async () => {
    const landed = (await readReleasedSchemas()).at(-1)?.migrations ?? [];
    const changelog = readFileSync(join(prismaFolder(), '..', 'CHANGELOG.md'), 'utf8');
    const isReleased = !/^## .*unreleased/im.test(changelog);
    expect(isReleased ? notLanded(landed, await readPresent()) : []).toEqual([]);
  });
});

function readPresent(): ReturnType<typeof readMigrations> {
  return readMigrations(join(prismaFolder(), 'migrations'));
}
