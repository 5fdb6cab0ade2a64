import pg from 'pg';

/**
 * A client whose connection may break while it is in use. The running query then fails, which its caller
 * handles; but the client also emits an `error` event, and an unhandled one ends the process. A pool listens
 * only while a connection is idle, so a restart of the server in mid-transaction would end the process.
 */
export class ResilientClient extends pg.Client {
  /** The process of the server that serves this connection, as it was announced when it connected. */
  declare readonly processID: number | null;

  constructor(...args: ConstructorParameters<typeof pg.Client>) {
    super(...args);
    this.on('error', () => undefined);
  }
}
