import type { Command } from 'commander';

type LoadCommand = () => Promise<Command>;

/**
 * Every command by its name, in the order of the help. Each is loaded when it is needed: the code behind all of them
 * takes a second to load.
 */
export const COMMANDS: Readonly<Record<string, LoadCommand>> = {
  serve: async () => (await import('./serve-command.js')).serveCommand(),
  migrate: async () => (await import('./migrate-command.js')).migrateCommand(),
  demo: async () => (await import('./demo/demo-command.js')).demoCommand(),
  simulate: async () => (await import('./simulate-command.js')).simulateCommand(),
  replay: async () => (await import('./replay-command.js')).replayCommand(),
  refold: async () => (await import('./refold-command.js')).refoldCommand(),
  inspect: async () => (await import('./inspect-command.js')).inspectCommand(),
  sql: async () => (await import('./sql/sql-command.js')).sqlCommand(),
  export: async () => (await import('./transfer/export-command.js')).exportCommand(),
  import: async () => (await import('./transfer/import-command.js')).importCommand(),
  move: async () => (await import('./transfer/move-command.js')).moveCommand(),
  doctor: async () => (await import('./doctor-command.js')).doctorCommand(),
  'send-test': async () => (await import('./send-test-command.js')).sendTestCommand(),
  webhooks: async () => (await import('./webhooks/webhooks-command.js')).webhooksCommand(),
};

const VERSION_FLAGS = new Set(['--version', '-V']);

/** The commands that these arguments need: the named one, none for the version, or all, to list or suggest them. */
export async function commandsFor([name = '']: readonly string[]): Promise<Command[]> {
  if (VERSION_FLAGS.has(name)) return [];
  const named = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  return Promise.all((named === undefined ? Object.values(COMMANDS) : [named]).map((load) => load()));
}
