import { Command } from 'commander';
import { runService } from '../run-service.js';

export function serveCommand(): Command {
  return new Command('serve')
    .description('run the roles that ROLES names: receiver, api, jobs (settings: see the README)')
    .action(runService);
}
