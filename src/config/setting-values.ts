import { z } from 'zod';

/*
 * What a setting's text may be, and what becomes of it. Messages complete "NAME: …".
 */

export const text = z.string().trim().min(1);
export const port = wholeNumber(0, 65_535);
export const durationMs = wholeNumber(1, 86_400_000);
/** As it is: spaces may be a part of it. */
export const secret = z.string().min(1);
export const onOrOff = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^(on|off|true|false|1|0)$/, 'must be on or off')
  .transform((value) => ['on', 'true', '1'].includes(value));

export function wholeNumber(min: number, max: number) {
  return z
    .string()
    .trim()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be between ${String(min)} and ${String(max)}`);
}

export function listOf<Output>(element: z.ZodType<Output, string>) {
  return z
    .string()
    .transform((value) => value.split(',').map((part) => part.trim()))
    .pipe(z.array(element).min(1));
}

export function url(...protocols: readonly string[]) {
  return text.refine(
    (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
    `must be a URL beginning with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  );
}

export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/.test(host);
}

export const baseUrl = url('https:', 'http:').refine(
  (value) => new URL(value).protocol === 'https:' || isLoopback(new URL(value).hostname),
  'may be plain http only for loopback',
);

export const role = z.enum(['receiver', 'api', 'jobs'], 'may hold receiver, api and jobs only');

/** A name of a host, an address, or a range of addresses as `address/bits`. */
export const hostOrRange = z
  .string()
  .regex(/^(\[?[\da-f:.]+\]?(\/\d{1,3})?|[\w-]+(\.[\w-]+)*\.?)$/i, 'must hold hosts, addresses or CIDR ranges only');

export const secretsKey = z.string().min(16, 'must be of 16 or more characters each');

/** An API key as it is written: `name:role:key`; the key may hold colons. */
export const apiKey = z
  .string()
  .regex(/^[^:\s]+:(read|write):\S{8,}$/, 'must be name:role:key, role read or write, key of 8 or more characters')
  .transform((value) => {
    const [name = '', keyRole, ...key] = value.split(':');
    return { name, role: keyRole === 'write' ? ('write' as const) : ('read' as const), key: key.join(':') };
  });

export function decimal(min: number, max: number) {
  return z
    .string()
    .trim()
    .regex(/^\d+(\.\d+)?$/, 'must be a number')
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be between ${String(min)} and ${String(max)}`);
}
