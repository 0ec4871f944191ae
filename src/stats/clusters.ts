/**
 * Which items of a data set are independent of one another: the clusters of its statistics.
 *
 * 1. Items of one template share its words. Where there are at least 8 templates, each is one cluster.
 * 2. With fewer, items of one template that share the value of their first slot are one cluster.
 * 3. An item that names neither a template nor a filler, such as one of a file, is a cluster by itself, and together with
 *    the same two prompts exchanged where the file has them in both orders.
 */

/** What an item tells of how it was made. */
export interface Made {
  readonly template: string;
  readonly fillers: Readonly<Record<string, string>>;
  /** Its prompts, by which a pair finds the same one exchanged. */
  readonly clean?: string;
  readonly corrupted?: string;
}

export interface Clusters {
  /** The cluster of each item, from 0 in the order of their first items. */
  readonly of: Int32Array;
  readonly count: number;
  /** What a cluster is, in words. */
  readonly rule: string;
}

/** Fewer clusters than this allow no test. */
export const LEAST_CLUSTERS = 8;

export function clustersOf(items: readonly Made[]): Clusters {
  const templates = new Set(items.map(({ template }) => template).filter((name) => name !== ''));
  const alone = templates.size >= LEAST_CLUSTERS;
  const keys = items.map((item) => keyOf(item, alone));
  const numbers = new Map<string, number>();
  const of = Int32Array.from(keys, (key, i) => {
    const own = key ?? String(i);
    if (!numbers.has(own)) numbers.set(own, numbers.size);
    return numbers.get(own)!;
  });
  return { of, count: numbers.size, rule: ruleOf(items, alone) };
}

/** Whether neither a template nor a filler says what an item has in common with others. `alone`: the template decides. */
function isByItself({ template, fillers }: Made, alone: boolean): boolean {
  return template === '' && (alone || Object.keys(fillers).length === 0);
}

/** What items of one cluster share; undefined for an item by itself without prompts. */
function keyOf(item: Made, alone: boolean): string | undefined {
  const { template, fillers, clean, corrupted } = item;
  if (isByItself(item, alone))
    return clean === undefined || corrupted === undefined
      ? undefined
      : JSON.stringify({ prompts: [clean, corrupted].sort() });
  const [first] = Object.values(fillers);
  return JSON.stringify(alone ? [template] : [template, first ?? '']);
}

function ruleOf(items: readonly Made[], alone: boolean): string {
  const made = items.filter((item) => !isByItself(item, alone)).length;
  if (made === 0) return 'each pair is one: none names a template or a filler';
  const rule = alone
    ? 'each template is one'
    : `each template with one first filler is one, as there are fewer than ${LEAST_CLUSTERS} templates`;
  return made < items.length ? `${rule}; pairs that name neither are one each` : rule;
}
