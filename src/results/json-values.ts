/** Values that several parts of `study.json` are made of. */
import * as z from 'zod';
import type { Component } from '../terms.ts';

export const count: z.ZodType<number> = z.number().int().nonnegative();
/** A number that may be missing: null in the file, NaN in memory. */
export const real: z.ZodType<number> = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
/** [layer, index] */
export const component: z.ZodType<Component> = z.tuple([count, count]);
