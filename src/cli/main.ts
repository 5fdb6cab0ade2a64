#!/usr/bin/env node
import { Command } from 'commander';
import { commandsFor } from './commands.js';
import { packageVersion } from './version.js';

const program = new Command('recording-ledger')
  .description('A reconciled ledger of Agora cloud recording sessions.')
  .version(packageVersion())
  .showHelpAfterError();

for (const command of await commandsFor(process.argv.slice(2))) program.addCommand(command);

// A closed pipe, as with `| head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

await program.parseAsync();
