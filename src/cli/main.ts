#!/usr/bin/env node
import { Command } from 'commander';
import { demoCommand } from './demo/demo-command.js';
import { doctorCommand } from './doctor-command.js';
import { inspectCommand } from './inspect-command.js';
import { migrateCommand } from './migrate-command.js';
import { sqlCommand } from './sql/sql-command.js';
import { exportCommand } from './transfer/export-command.js';
import { importCommand } from './transfer/import-command.js';
import { refoldCommand } from './refold-command.js';
import { replayCommand } from './replay-command.js';
import { sendTestCommand } from './send-test-command.js';
import { serveCommand } from './serve-command.js';
import { simulateCommand } from './simulate-command.js';
import { packageVersion } from './version.js';

const program = new Command('recording-ledger')
  .description('A reconciled ledger of Agora cloud recording sessions.')
  .version(packageVersion())
  .showHelpAfterError();

for (const command of [
  serveCommand(),
  migrateCommand(),
  demoCommand(),
  simulateCommand(),
  replayCommand(),
  refoldCommand(),
  inspectCommand(),
  sqlCommand(),
  exportCommand(),
  importCommand(),
  doctorCommand(),
  sendTestCommand(),
]) {
  program.addCommand(command);
}

// A closed pipe, as with `| head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

await program.parseAsync();
