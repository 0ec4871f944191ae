/**
 * Which option would spare what: the plan again with that option changed.
 */
import type { StudyOptions } from '../options.ts';

export interface Saving {
  /** As it is typed. */
  readonly option: string;
  readonly seconds: number;
  /** On disk. */
  readonly bytes: number;
}

interface Costs {
  readonly seconds: number;
  readonly disk_bytes: number;
}

/** Less than this share of the whole is not worth a line. */
const WORTH = 0.02;
const FEWER_STEPS = 25;

/** `plan` tells the costs of other options. */
export function savings(
  whole: Costs,
  options: StudyOptions,
  plan: (changed: StudyOptions) => Costs,
): Saving[] {
  return alternatives(options).flatMap(([option, change]) => {
    const { seconds, disk_bytes } = plan({ ...options, ...change });
    const saving = { option, seconds: whole.seconds - seconds, bytes: whole.disk_bytes - disk_bytes };
    const worth = saving.seconds > WORTH * whole.seconds || saving.bytes > WORTH * whole.disk_bytes;
    return worth ? [saving] : [];
  });
}

function alternatives(options: StudyOptions): [string, Partial<StudyOptions>][] {
  const { components, directions, measures, mediation, asPublished, steps, full } = options;
  const all: [boolean, string, Partial<StudyOptions>][] = [
    [
      components.length > 1,
      '--components heads',
      { components: ['heads'], mediation: mediation === 'none' ? 'none' : 'heads' },
    ],
    [directions.length > 1, '--directions noising', { directions: ['noising'] }],
    [steps !== 'auto' && steps > FEWER_STEPS, `--steps ${FEWER_STEPS}`, { steps: FEWER_STEPS }],
    [measures.length > 0 && !asPublished, '--measures none', { measures: [] }],
    [mediation !== 'none', '--mediation none', { mediation: 'none' }],
    [full, 'without --full', { full: false }],
  ];
  return all.flatMap(([applies, option, change]): [string, Partial<StudyOptions>][] =>
    applies ? [[option, change]] : [],
  );
}
