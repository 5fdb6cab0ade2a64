import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { claimServer } from './claim-server.js';
import { findRunningServer } from './postmaster-file.js';
import { hasNotEnded, launchServer, stopServer } from './server-process.js';
import type { LaunchedServer, ServerLaunch } from './server-process.js';

/** `event` names what happened, `fields` are its particulars. */
export type EmbeddedLog = (event: string, fields: Readonly<Record<string, unknown>>) => void;

const RETRY_EVERY_MS = 500;

/**
 * A server that this process started and claimed.
 *
 * - serving: the connection that holds the claim is open. When it ends, for whatever reason, healing
 *   begins.
 * - healing: the server is started again if it is gone, on the same port, since its users keep
 *   their connection string; then it is claimed again. Until that succeeds or `stop` is called.
 * - stopped: the server has shut down. For good.
 */
export class OwnedServer {
  readonly #launch: ServerLaunch;
  readonly #adminUrl: string;
  readonly #log: EmbeddedLog;
  #server: LaunchedServer;
  #claim: pg.Client;
  #healing: Promise<void> | null = null;
  #stopping: Promise<void> | null = null;

  constructor(launch: ServerLaunch, adminUrl: string, log: EmbeddedLog, server: LaunchedServer, claim: pg.Client) {
    this.#launch = launch;
    this.#adminUrl = adminUrl;
    this.#log = log;
    this.#server = server;
    this.#claim = claim;
    this.#watch(claim);
    process.once('exit', this.#leave);
  }

  /** Calling it twice is waiting twice for the same end. */
  stop(): Promise<void> {
    this.#stopping ??= this.#shutDown();
    return this.#stopping;
  }

  async #shutDown(): Promise<void> {
    await this.#healing;
    process.removeListener('exit', this.#leave);
    await this.#claim.end().catch(() => undefined);
    await stopServer(this.#server.pid, this.#launch.folder.cluster);
  }

  /** For a process that exits without having called `stop`: the server shuts down by itself. */
  readonly #leave = (): void => {
    this.#server.process.kill('SIGINT');
  };

  #watch(claim: pg.Client): void {
    claim.once('end', () => {
      if (this.#stopping === null) this.#healing ??= this.#heal();
    });
  }

  async #heal(): Promise<void> {
    this.#log('embedded_postgres.lost', { pid: this.#server.pid });
    while (this.#stopping === null && !(await this.#revive())) await delay(RETRY_EVERY_MS);
    this.#healing = null;
  }

  /** True when there is nothing more to try. */
  async #revive(): Promise<boolean> {
    try {
      if (!hasNotEnded(this.#server.process)) this.#server = await launchServer(this.#launch);
      const { pid } = this.#server;
      const outcome = await claimServer(this.#adminUrl, async () => {
        return (await findRunningServer(this.#launch.folder.cluster))?.pid === pid;
      });
      if (outcome.kind === 'gone') return false;
      if (outcome.kind === 'claimed') {
        this.#claim = outcome.connection;
        this.#watch(outcome.connection);
      }
      this.#log(`embedded_postgres.${outcome.kind === 'claimed' ? 'healed' : 'taken'}`, { pid });
      return true;
    } catch (error) {
      this.#log('embedded_postgres.heal_failed', { error });
      return false;
    }
  }
}
