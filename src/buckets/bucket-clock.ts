/** What a bucket takes for the time: requests that are too far off it are refused. */
export type BucketClock = {
  /** As signatures have it: 20261201T103200Z. */
  amzDate: () => string;
  /** Takes over the time of an answer; false where it names none. */
  follow: (date: string | null) => boolean;
};

/** Begins with our clock, and keeps to the bucket's once that has been told to differ. */
export function clockOf(now: () => number): BucketClock {
  let aheadMs = 0;
  return {
    amzDate: () => new Date(now() + aheadMs).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    follow: (date) => {
      const atMs = date === null ? Number.NaN : Date.parse(date);
      if (Number.isNaN(atMs)) return false;
      aheadMs = atMs - now();
      return true;
    },
  };
}
