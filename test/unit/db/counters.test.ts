type Counters = { shardOfProcess: () => number };

/** The module as another process has it, with the id of this one: as in containers, where all are alike. */
async function inAnotherProcess(n: number): Promise<Counters> {
  const address = `../../../src/db/sessions/counters.js?process=${String(n)}`;
  return (await import(address)) as Counters;
}

describe("a process's share of the running totals", () => {
  it('is its own also where all processes have the same id, as in containers', async () => {
    const shards = new Set<number>();
    for (let n = 0; n < 20; n += 1) shards.add((await inAnotherProcess(n)).shardOfProcess());
    expect(shards.size).toBeGreaterThan(10);
    for (const shard of shards) expect(shard).toBeLessThan(1_024);
  });

  it('stays the same as long as the process lives', async () => {
    const { shardOfProcess } = await inAnotherProcess(0);
    expect(shardOfProcess()).toBe(shardOfProcess());
  });
});
