import base from './jest.config.js';

const { globalSetup, globalTeardown, testSequencer, ...config } = base;

/** By these alone a mutant would take minutes: thousands of worlds, or waiting. They are in `npm test`. */
const SLOW = ['\\.property\\.test\\.ts$', 'mass-death', 'bound-holds', 'query-client'];

/** The tests of the core that need no Postgres and take milliseconds. */
export default {
  ...config,
  testMatch: ['<rootDir>/test/unit/{sessions,reconcile,agora}/**/*.test.ts'],
  testPathIgnorePatterns: SLOW,
};
