import { useLocation } from 'preact-iso/router';

export type Query = Readonly<Record<string, string>>;

/** What the address says of this view, and how to change a part of it; empty or null leaves it out. */
export function useQuery(): {
  query: Query;
  change: (parts: Readonly<Record<string, string | null>>, how?: 'push' | 'replace') => void;
} {
  const { path, query, route } = useLocation();
  return {
    query,
    change: (parts, how = 'push') => route(address(path, { ...query, ...parts }), how === 'replace'),
  };
}

export function address(path: string, query: Readonly<Record<string, string | null | undefined>>): string {
  const told = Object.entries(query).flatMap(([name, value]) =>
    value === null || value === undefined || value === '' ? [] : [[name, value]],
  );
  const text = new URLSearchParams(told).toString();
  return text === '' ? path : `${path}?${text}`;
}
