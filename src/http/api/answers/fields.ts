import { z } from 'zod';

/** Fields of answers: each says what it means, and in which unit. */

/** A moment in ISO 8601, UTC, with milliseconds. */
export function moment(description: string) {
  return z.string().meta({ description, format: 'date-time' });
}

export function words(description: string) {
  return z.string().meta({ description });
}

export function count(description: string) {
  return z.number().int().nonnegative().meta({ description });
}

export function integer(description: string) {
  return z.number().int().meta({ description });
}

export function amount(description: string) {
  return z.number().meta({ description });
}

export function flag(description: string) {
  return z.boolean().meta({ description });
}

export function oneOf<const T extends readonly string[]>(description: string, values: T) {
  return z.enum(values).meta({ description });
}

export function listOf<T extends z.ZodType>(description: string, element: T) {
  return z.array(element).meta({ description });
}

/** The same, or null where nobody told. */
export function orNull<T extends z.ZodType>(schema: T) {
  return schema.nullable().meta({ description: schema.description ?? '' });
}

export const next = orNull(words('Cursor of the next page; null where this is the last one.'));
