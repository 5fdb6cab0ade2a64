import type { Db } from '../../src/db/connection/database.js';

type PlanNode = { 'Node Type': string; 'Index Name'?: string; 'Relation Name'?: string; Plans?: PlanNode[] };
type Explained = { 'QUERY PLAN': [{ Plan: PlanNode }] };

/**
 * What the plans of all statements that `work` makes read from: the indexes, and tables that are read from end to
 * end. Partitions are told of as their table.
 */
export async function readFrom({ pool, prisma }: Db, work: (db: Db) => Promise<unknown>): Promise<string[]> {
  const found = new Set<string>();
  const explaining = new Proxy(pool, {
    get: (target, name) => {
      if (name !== 'query') return Reflect.get(target, name, target) as unknown;
      return async (text: string, values: unknown[]) => {
        if (!text.startsWith('explain')) {
          const { rows } = await target.query<Explained>(`explain (format json) ${text}`, values);
          for (const name of rows.flatMap((row) => sourcesOf(row['QUERY PLAN'][0].Plan))) found.add(name);
        }
        return target.query(text, values);
      };
    },
  });
  await work({ pool: explaining, prisma });
  return [...found].map((name) => name.replace(/_\d{8}|_default/, '')).filter(isFirst);
}

function isFirst(name: string, n: number, all: readonly string[]): boolean {
  return all.indexOf(name) === n;
}

function sourcesOf(node: PlanNode): string[] {
  const below = (node.Plans ?? []).flatMap(sourcesOf);
  if (node['Index Name'] !== undefined) return [...below, node['Index Name']];
  return node['Node Type'].endsWith('Seq Scan') ? [...below, `all of ${node['Relation Name'] ?? '?'}`] : below;
}
