import { z } from 'zod';

/** A host and its port. */
export type Address = { host: string; port: number };

/** `host:port`; an IPv6 address in brackets. */
export const address = z
  .string()
  .regex(/^(\[[0-9a-fA-F:.]+\]|[^\s:/@[\]]+):\d{1,5}$/, 'must be host:port, comma-separated')
  .transform((value): Address => {
    const at = value.lastIndexOf(':');
    return { host: value.slice(0, at).replaceAll(/[[\]]/g, ''), port: Number(value.slice(at + 1)) };
  })
  .refine(({ port }) => port >= 1 && port <= 65_535, 'must have ports between 1 and 65535');
