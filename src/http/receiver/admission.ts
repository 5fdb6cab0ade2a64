/** Bytes of bodies that have come and are not stored yet, of all requests together. */
const MOST_BYTES = 134_217_728;
/** What a request costs beside its body. */
const OVERHEAD = 2_048;
/** As large as notifications are as a rule, ten times over. */
const SMALL_BYTES = 32_768;
/** Of the room, what bodies that are larger than that may fill: the rest is for ordinary notifications. */
const LARGE_SHARE = 0.75;
/** Of the room, what one address may fill with them. A load balancer is one address, so it is a large part. */
const ADDRESS_SHARE = 0.5;

/**
 * Bounds what unanswered requests hold in memory: bytes that have come, not bytes that were announced, so
 * that whoever announces and sends nothing takes nothing.
 */
export type Admission = {
  open: (address: string) => HeldBytes;
};

export type HeldBytes = {
  /** So many bytes more; false where there is no room for them, and then they are not counted. */
  take: (bytes: number) => boolean;
  /** Gives everything back. */
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
