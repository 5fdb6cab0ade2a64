import pg from 'pg';

export async function inDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Of the acknowledged ones: those that are not in the ledger, and those that are there more often than once. */
export async function compare(
  acknowledged: readonly string[],
  url: string,
): Promise<{ missing: number; double: number }> {
  return inDatabase(url, async (client) => {
    const { rows } = await client.query<{ missing: number; double: number }>(
      `select count(*) filter (where kept.times is null)::int as missing,
              ((select count(*)::int from (select from notices group by notices.notice_id having count(*) > 1) as twice)
               + (select count(*)::int from repeated_deliveries)) as double
       from unnest($1::text[]) as told (notice_id)
       left join (select notices.notice_id, count(*) as times from notices group by 1) as kept on kept.notice_id = told.notice_id`,
      [acknowledged],
    );
    return rows[0] ?? { missing: -1, double: -1 };
  });
}
