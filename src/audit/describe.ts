/**
 * What an audit found, in sentences: for each kind and method, over all pairs and directions.
 */
import {
  AUDIT_LABELS,
  type AuditJson,
  type AuditLabel,
  type FindingJson,
  type LabellingJson,
} from '../results/audit-json.ts';
import {
  headlineFor,
  type Pooled,
  type PooledMiss,
  pooledAudit,
  pooledByLabel,
  type Spread,
} from '../results/audit-summary.ts';
import { KINDS } from '../terms.ts';
import { percent } from '../words.ts';

const MANY = { heads: 'heads', neurons: 'neurons', head_pairs: 'pairs' } as const;
const ONE = { heads: 'head', neurons: 'neuron', head_pairs: 'pair' } as const;

const LABEL_WORDS: Readonly<Record<AuditLabel, string>> = {
  and: 'AND',
  or: 'OR',
  noising_only: 'noising only',
  denoising_only: 'denoising only',
  adder: 'ADDER',
  inhibitory: 'inhibitory',
  mixed: 'mixed',
  none: 'no label',
};

/** The findings of an audit that has everything else. */
export function findings(audit: AuditJson): FindingJson[] {
  const byLabel = pooledByLabel(audit);
  return pooledAudit(audit).map((pooled) => {
    const own = byLabel.filter(({ kind, method }) => kind === pooled.kind && method === pooled.method);
    const parts = [
      recallWords(audit, pooled),
      orderWords(pooled),
      signWords(audit, pooled),
      slopeWords(pooled),
      labelWords(audit, pooled, own),
      labellingWords(audit, pooled),
      missWords(pooled),
    ];
    const text = parts.filter((part) => part !== '').join(' ');
    return { kind: pooled.kind, method: pooled.method, text };
  });
}

function recallWords({ recall_at }: AuditJson, { kind, count, recall, comparisons }: Pooled): string {
  const k = headlineFor(count);
  const at = recall[recall_at.indexOf(k)]!;
  if (Number.isNaN(at.mean)) return `Recall at ${k} is not counted among ${count} ${MANY[kind]}.`;
  const over = comparisons === 1 ? '' : ` (${range(at, comparisons)})`;
  return `Of the exact top ${k} of ${count}, ${percent(at.mean)} are in its own top ${k}${over}.`;
}

function orderWords({ spearmanSize, spearmanSigned }: Pooled): string {
  if (Number.isNaN(spearmanSize.mean))
    return 'There is no rank correlation: scores are constant or no numbers.';
  const signed = Number.isNaN(spearmanSigned.mean) ? '' : `, of signed scores ${short(spearmanSigned.mean)}`;
  return `Rank correlation of sizes ${short(spearmanSize.mean)}${signed}.`;
}

function signWords({ options: { tau } }: AuditJson, { kind, signsWrong, signsOf }: Pooled): string {
  if (Number.isNaN(signsOf)) return '';
  if (signsOf === 0) return `No ${ONE[kind]} has |e| of ${tau} or more.`;
  return `Of ${signsOf} signs where |e| is ${tau} or more, ${signsWrong === 0 ? 'none is' : signsWrong === 1 ? 'one is' : `${signsWrong} are`} wrong.`;
}

function slopeWords({ slope }: Pooled): string {
  if (Number.isNaN(slope.mean)) return '';
  return `Exact is ${short(slope.mean)} times its score (least squares through the origin).`;
}

/** Of the exact top k, what is found of each label. */
function labelWords({ recall_at }: AuditJson, { count }: Pooled, own: readonly Pooled[]): string {
  const k = headlineFor(count);
  const at = recall_at.indexOf(k);
  const parts = own.flatMap(({ label, found, among }) =>
    among[at] ? [`${LABEL_WORDS[label!]} ${found[at]} of ${among[at]}`] : [],
  );
  return parts.length === 0 ? '' : `Found by label: ${parts.join(', ')}.`;
}

/** How many components of each label would get it from the method's own scores. */
function labellingWords({ labellings }: AuditJson, { kind, method }: Pooled): string {
  if (!KINDS.some((known) => known === kind)) return '';
  const rows = labellings.filter((row) => row.kind === kind && row.method === method && row.label !== 'none');
  const labels = AUDIT_LABELS.filter((label) => rows.some((row) => row.label === label));
  const parts = labels.map((label) => {
    const own = rows.filter((row) => row.label === label);
    return `${LABEL_WORDS[label]} ${sum(own, (row) => row.labelled[label] ?? 0)} of ${sum(own, total)}`;
  });
  return parts.length === 0 ? '' : `Labels that its own scores would give right: ${parts.join(', ')}.`;
}

function missWords({ kind, count, missed }: Pooled): string {
  const miss = missed.find(({ k }) => k === headlineFor(count));
  if (!miss) return '';
  const label = miss.label === null || miss.label === 'none' ? '' : ` (${LABEL_WORDS[miss.label]})`;
  return `Its largest miss: ${missName(kind, miss)}${label}, pair ${miss.pair}, ${miss.direction}: exact ${short(miss.exact)}, scored ${short(miss.approximate)}${miss.place === null ? '' : `, place ${miss.place}`}.`;
}

function missName(kind: Pooled['kind'], { component }: PooledMiss): string {
  if (kind !== 'head_pairs') return `${ONE[kind]} ${component.join('.')}`;
  return `head ${component.slice(0, 2).join('.')} through ${component.slice(2).join('.')}`;
}

function total({ labelled }: LabellingJson): number {
  return Object.values(labelled).reduce((all, count) => all + count, 0);
}

function sum<T>(list: readonly T[], pick: (item: T) => number): number {
  return list.reduce((all, item) => all + pick(item), 0);
}

function range({ least, most }: Spread, comparisons: number): string {
  const of = `${comparisons} comparisons`;
  return least === most ? `in each of ${of}` : `mean of ${of}, from ${percent(least)} to ${percent(most)}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(2)));
}
