/** The bytes of bodies that have arrived and are not stored yet, of all requests together. */
const MOST_BYTES = 134_217_728;
/** What a request costs in addition to its body. */
const OVERHEAD = 2_048;
/** Ten times the usual size of a notification. */
const SMALL_BYTES = 32_768;
/** The share of the room that larger bodies may fill; the rest is for ordinary notifications. */
const LARGE_SHARE = 0.75;
/** The share of the room that one address may fill with them. It is large because a load balancer is one address. */
const ADDRESS_SHARE = 0.5;

/**
 * Bounds what unanswered requests hold in memory. It counts bytes that have arrived and not bytes that were
 * announced, so that a client that announces a body and sends nothing takes no room.
 */
export type Admission = {
  open: (address: string) => HeldBytes;
};

export type HeldBytes = {
  /** Adds bytes; false if there is no room for them, and then they are not counted. */
  take: (bytes: number) => boolean;
  /** Releases all bytes of the request. */
  leave: () => void;
};

export function createAdmission(mostBytes = MOST_BYTES): Admission {
  let all = 0;
  const byAddress = new Map<string, number>();
  const fits = (address: string, has: number, bytes: number): boolean => {
    if (has + bytes <= SMALL_BYTES) return all + bytes <= mostBytes;
    const ofAddress = (byAddress.get(address) ?? 0) + bytes;
    return all + bytes <= mostBytes * LARGE_SHARE && ofAddress <= mostBytes * ADDRESS_SHARE;
  };
  const add = (address: string, bytes: number): void => {
    all += bytes;
    const left = (byAddress.get(address) ?? 0) + bytes;
    if (left > 0) byAddress.set(address, left);
    else byAddress.delete(address);
  };
  return {
    open: (address) => {
      let has = OVERHEAD;
      add(address, OVERHEAD);
      return {
        take: (bytes) => {
          if (!fits(address, has, bytes)) return false;
          has += bytes;
          add(address, bytes);
          return true;
        },
        leave: () => {
          add(address, -has);
          has = 0;
        },
      };
    },
  };
}
