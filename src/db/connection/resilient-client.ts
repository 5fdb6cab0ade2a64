import pg from 'pg';

/**
 * A connection that may break while it is lent out. Its query fails, which tells whoever waits for it;
 * but a client also emits an error, and one that nobody listens to would end the process. A pool
 * listens only while a connection is idle, so a server's restart in mid-transaction would be enough.
 */
export class ResilientClient extends pg.Client {
  constructor(...args: ConstructorParameters<typeof pg.Client>) {
    super(...args);
    this.on('error', () => undefined);
  }
}
