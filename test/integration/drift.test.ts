import { diffMigrationsToSchema } from '../../src/db/migrations/schema-drift.js';
import { createTestDatabase } from '../support/database.js';

test('the migrations and the schema agree', async () => {
  const database = await createTestDatabase();
  const differences = await diffMigrationsToSchema(database.url);
  await database.drop();
  expect(differences).toBe('');
});
