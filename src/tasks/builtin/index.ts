/**
 * The built-in tasks, by name. docs/tasks.md prints them.
 */
import type { TaskSpec } from '../spec.ts';
import { CAPITAL_COUNTRY } from './capital-country.ts';
import { GENDER_BIAS } from './gender-bias.ts';
import { GREATER_THAN, GREATER_THAN_TENS } from './greater-than.ts';
import { HYPERNYMY } from './hypernymy.ts';
import { IOI } from './ioi.ts';
import { SVA } from './sva.ts';

export const TASK_NAMES = [
  'ioi',
  'gender_bias',
  'greater_than',
  'greater_than_tens',
  'capital_country',
  'sva',
  'hypernymy',
] as const;
export type TaskName = (typeof TASK_NAMES)[number];

export const TASKS: Readonly<Record<TaskName, TaskSpec>> = {
  ioi: IOI,
  gender_bias: GENDER_BIAS,
  greater_than: GREATER_THAN,
  greater_than_tens: GREATER_THAN_TENS,
  capital_country: CAPITAL_COUNTRY,
  sva: SVA,
  hypernymy: HYPERNYMY,
};

export function isTaskName(text: string): text is TaskName {
  return Object.hasOwn(TASKS, text);
}
