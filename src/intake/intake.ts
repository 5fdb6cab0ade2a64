import { isKnownUndone, isDataError, isStatementRejected } from '../db/connection/postgres-errors.js';
import { incomingOf, refusedRow, type Incoming, type Received } from '../db/evidence/incoming-rows.js';
import type { NoticeRow } from '../db/evidence/store-notices.js';
import type { QuarantineRow } from '../db/evidence/store-quarantine.js';
import { storeTakenApart, type EvidenceStore } from './evidence-store.js';
import { createGroupCommit, type GroupCommit } from './group-commit.js';
import type { Spool, SpoolEntry, SpoolSize } from './spool.js';

/** Postgres is away and the spool has no room, so the sender must send it again. */
export class SpoolFullError extends Error {
  constructor() {
    super('Postgres cannot be reached, and the spool is full');
  }
}

/** Events for the log. */
export type IntakeEvents = {
  /** Postgres stored nothing: from now on everything goes to the spool. */
  onSpooling: (error: unknown) => void;
  /** Postgres stores notifications again. */
  onStoringAgain: () => void;
  onDrained: (entries: number) => void;
  /** Postgres refused the content of a spool entry, whose body is quarantined instead. */
  onRefused: (error: unknown) => void;
  /** The spool could not be read; it is tried again. */
  onNotDrained: (error: unknown) => void;
};

export type IntakeOptions = {
  spool: Spool;
  /** Null in the degraded service, which knows that Postgres is away and checks on its own whether it is back. */
  store: EvidenceStore | null;
  events: IntakeEvents;
};

type State = 'storing' | 'spooling' | 'draining' | 'stopping';

/** How much one statement stores, and how much may wait for its turn. */
const LIMITS = { maxBatch: 200, maxWaiting: 10_000 };
const LOOK_EVERY_MS = 250;
const DRAINED_AT_ONCE = 500;

/**
 * Stores what the receiver got. Once `take` has resolved, it is durable: in Postgres, or in the spool while
 * Postgres is away. The spool is drained when Postgres is back.
 *
 *               a batch fails                    Postgres takes what a look tries
 *     storing ────────────────▶ spooling ─────────────────────────────────────▶ draining
 *       │ ▲                         ▲                                             │ │ ▲
 *       │ │                         └──────────── a batch fails ──────────────────┘ │ │
 *       │ └────────────────────────────── the spool is empty ───────────────────────┘ │
 *       └──────────────────── a look finds entries in the spool ──────────────────────┘
 *
 * - *storing*: every batch goes to Postgres, and the spool is empty. This is the first state.
 * - *spooling*: every batch goes to the spool without trying Postgres, so that no request waits for a
 *   timeout. Postgres counts as back once it has stored something: each check tries to store the first
 *   entries of the spool, or an empty batch if the spool's disk took nothing. Without a store the intake is
 *   always in this state.
 * - *draining*: new batches go to Postgres, and beside them the entries of the spool, oldest first.
 * - *stopping*: `close` was called, from any state, and all that had been taken is durable. The batch that
 *   is being drained is the last one. This is the final state.
 *
 * A check comes every 250 ms: spooled notifications are not visible in the ledger yet, and a failed try costs
 * a connection at most. Other processes may have the same spool open, so entries are looked for in any state.
 */
export class Intake {
  readonly #spool: Spool;
  readonly #events: IntakeEvents;
  /** Parsed notifications, and bodies that could not be parsed: a statement for each. */
  readonly #notices: GroupCommit<NoticeRow>;
  readonly #unreadable: GroupCommit<QuarantineRow>;
  #state: State;
  #nextLook: NodeJS.Timeout | undefined;
  #look: Promise<void> = Promise.resolve();

  constructor({ spool, store, events }: IntakeOptions) {
    this.#spool = spool;
    this.#events = events;
    this.#state = store === null ? 'spooling' : 'storing';
    this.#notices = this.#committing(store?.notices, (row) => ({ kind: 'notice', row }));
    this.#unreadable = this.#committing(store?.unreadable, (row) => ({ kind: 'unreadable', row }));
    if (store !== null) this.#lookAfter(store, 0);
  }

  /**
   * Resolves once it is durable, or with `full` at once if too many wait already; then nothing is kept.
   * Rejects if neither Postgres nor the spool takes it.
   */
  take(received: Received): Promise<'stored' | 'full'> {
    const incoming = incomingOf(received);
    return incoming.kind === 'notice' ? this.#takeNotice(incoming.row) : this.#unreadable.add(incoming.row);
  }

  spooled(): SpoolSize {
    return this.#spool.size();
  }

  /** After the call of `close` nothing more is taken. */
  async close(): Promise<void> {
    await this.#notices.drain();
    await this.#unreadable.drain();
    this.#state = 'stopping';
    clearTimeout(this.#nextLook);
    await this.#look;
    await this.#spool.close();
  }

  /** A body whose content Postgres refuses has a valid signature all the same, so it is quarantined as it came. */
  #takeNotice(row: NoticeRow): Promise<'stored' | 'full'> {
    return this.#notices.add(row).catch((error: unknown) => {
      if (!isDataError(error)) throw error;
      return this.#unreadable.add(refusedRow(row, error));
    });
  }

  #committing<T>(
    store: ((rows: readonly T[]) => Promise<void>) | undefined,
    toIncoming: (row: T) => Incoming,
  ): GroupCommit<T> {
    return createGroupCommit<T>({
      ...LIMITS,
      store: async (rows) => {
        const end = store === undefined || this.#is('spooling') ? 'not_stored' : await this.#tryToStore(rows, store);
        if (end !== 'stored') this.#spoolAll(rows.map(toIncoming), { isDoubtful: end === 'unheard' });
      },
    });
  }

  /** `unheard`: the statement may have been executed, but its answer did not come. */
  async #tryToStore<T>(
    rows: readonly T[],
    store: (rows: readonly T[]) => Promise<void>,
  ): Promise<'stored' | 'not_stored' | 'unheard'> {
    try {
      await store(rows);
      return 'stored';
    } catch (error) {
      if (isStatementRejected(error)) throw error;
      this.#failed(error);
      return isKnownUndone(error) ? 'not_stored' : 'unheard';
    }
  }

  #spoolAll(batch: readonly Incoming[], doubt: Pick<SpoolEntry, 'isDoubtful'>): void {
    if (this.#spool.append(batch, doubt) === 'full') throw new SpoolFullError();
  }

  #lookAfter(store: EvidenceStore, ms: number): void {
    this.#nextLook = setTimeout(() => {
      this.#look = this.#drain(store)
        .catch(this.#events.onNotDrained)
        .finally(() => {
          if (!this.#is('stopping')) this.#lookAfter(store, LOOK_EVERY_MS);
        });
    }, ms);
  }

  /** Drains until the spool is empty. If the process dies in between, the next process to drain it continues. */
  async #drain(store: EvidenceStore): Promise<void> {
    let drained = 0;
    while (!this.#is('stopping')) {
      const entries = this.#spool.read(DRAINED_AT_ONCE);
      if (entries.length === 0 && !this.#is('spooling')) break;
      try {
        await storeTakenApart(entries.map(toRow), store.spooled, this.#events.onRefused);
      } catch (error) {
        this.#failed(error);
        break;
      }
      this.#succeeded();
      const last = entries.at(-1);
      if (last !== undefined) this.#spool.drop(last.key);
      drained += entries.length;
    }
    if (drained > 0) this.#events.onDrained(drained);
    if (this.#is('draining')) this.#state = 'storing';
  }

  #failed(error: unknown): void {
    if (this.#is('spooling') || this.#is('stopping')) return;
    this.#state = 'spooling';
    this.#events.onSpooling(error);
  }

  /** Entries of a spool were stored. */
  #succeeded(): void {
    if (this.#is('stopping')) return;
    const wasAway = this.#is('spooling');
    this.#state = 'draining';
    if (wasAway) this.#events.onStoringAgain();
  }

  #is(state: State): boolean {
    return this.#state === state;
  }
}

function toRow({ key, isDoubtful, incoming }: SpoolEntry) {
  return { key, isDoubtful, ...incoming };
}
