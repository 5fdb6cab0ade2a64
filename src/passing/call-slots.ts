/** A slot of this process, for one call. */
export type CallSlot = {
  /** The call must leave before this (of performance.now()): until then the slot is this process's, whatever happens. */
  leaveBy: number;
  /** Frees it in `heldForMs`. */
  release: (heldForMs: number) => void;
};

/**
 * The slots of one scope that this process was granted, for call after call. First come, first served.
 *
 * `inUse` counts slots of calls on their way, and of those answered less than a second ago; so in any second no
 * more calls of this process arrive at Agora than it had slots.
 */
export class CallSlots {
  #held = 0;
  #validUntil = 0;
  #inUse = 0;
  #mostInUse = 0;
  readonly #waiting: (() => void)[] = [];
  readonly #onWaiting: () => void;

  /** `onWaiting` is called when a call finds no free slot. */
  constructor(onWaiting: () => void) {
    this.#onWaiting = onWaiting;
  }

  /** `late` if none became free within `patienceMs`. */
  take(patienceMs: number): Promise<CallSlot | 'late'> {
    if (this.#waiting.length === 0 && this.#isFree()) return Promise.resolve(this.#use());
    return new Promise((resolve) => {
      const goIn = (): void => {
        clearTimeout(timer);
        resolve(this.#use());
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(goIn), 1);
        resolve('late');
      }, patienceMs);
      this.#waiting.push(goIn);
      this.#onWaiting();
    });
  }

  /** So many are held from now on; none may be used after `validUntil` (of performance.now()). */
  setHeld(held: number, validUntil: number): void {
    this.#held = held;
    this.#validUntil = validUntil;
    this.#serve();
  }

  /** Gives up to so many free slots out of hand, at once; returns how many. */
  giveUp(most: number): number {
    const given = Math.max(0, Math.min(most, this.#held - this.#inUse));
    this.#held -= given;
    return given;
  }

  held(): number {
    return this.#held;
  }

  inUse(): number {
    return this.#inUse;
  }

  waiting(): number {
    return this.#waiting.length;
  }

  /** The most that were in use since this was asked the last time. */
  mostInUse(): number {
    const most = this.#mostInUse;
    this.#mostInUse = this.#inUse;
    return most;
  }

  #isFree(): boolean {
    return this.#inUse < this.#held && performance.now() < this.#validUntil;
  }

  #use(): CallSlot {
    this.#inUse += 1;
    this.#mostInUse = Math.max(this.#mostInUse, this.#inUse);
    let isReleased = false;
    const free = (): void => {
      this.#inUse -= 1;
      this.#serve();
    };
    return {
      leaveBy: this.#validUntil,
      release: (heldForMs) => {
        if (isReleased) return;
        isReleased = true;
        if (heldForMs === 0) free();
        else setTimeout(free, heldForMs).unref();
      },
    };
  }

  #serve(): void {
    while (this.#waiting.length > 0 && this.#isFree()) this.#waiting.shift()?.();
  }
}
