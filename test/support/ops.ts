import { fetchDocumented } from './fetch-documented.js';
/** The listener of those who run a process, as they see it. */
export type TestOps = {
  /** The value of a series, by its name without the common beginning and all its labels as they are written. */
  read: (series: string) => Promise<number | null>;
  metrics: () => Promise<string>;
  ready: () => Promise<{ status: number; body: { obstacles: string[]; warnings: string[] } }>;
};

export function opsAt(port: number): TestOps {
  const ask = (path: string): Promise<Response> => fetchDocumented(`http://127.0.0.1:${String(port)}${path}`);
  const metrics = async (): Promise<string> => (await ask('/metrics')).text();
  return {
    metrics,
    read: async (series) => {
      const start = `recording_ledger_${series} `;
      const line = (await metrics()).split('\n').find((text) => text.startsWith(start));
      return line === undefined ? null : Number(line.slice(start.length));
    },
    ready: async () => {
      const response = await ask('/readyz');
      return { status: response.status, body: (await response.json()) as { obstacles: string[]; warnings: string[] } };
    },
  };
}
