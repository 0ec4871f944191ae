/** Figures of an audit: approximate against exact for every kind, and recall curves. */
import { auditScatter, type AuditPoint } from '../../plots/audit-scatter.ts';
import type { Figure } from '../../plots/figure.ts';
import { recallCurves, type RecallLine } from '../../plots/recall-curves.ts';
import { formatNumber } from '../../plots/text.ts';
import { AUDITED, type Audited, type AuditJson, type AuditScores } from '../../results/audit-json.ts';
import { type Pooled, pooledAudit } from '../../results/audit-summary.ts';
import { singular } from '../../terms.ts';

/** The name of the figure of recall; the others compare scores. */
export const RECALL_FIGURE = 'audit-recall';

/** Kinds in words. */
export const AUDITED_NAMES: Readonly<Record<Audited, string>> = {
  heads: 'Heads',
  neurons: 'Neurons',
  head_pairs: 'Pairs of heads',
};

/** All figures of an audit, recall first. */
export function auditFigures(audit: AuditJson, scores: readonly AuditScores[]): Figure[] {
  const pooled = pooledAudit(audit);
  const kinds = AUDITED.filter((kind) => pooled.some((one) => one.kind === kind));
  return [
    recallFigure(audit, pooled, kinds),
    ...kinds.map((kind) => scatterFigure(audit, scores, kind)),
  ].flatMap((figure) => (figure ? [figure] : []));
}

function recallFigure(
  audit: AuditJson,
  pooled: readonly Pooled[],
  kinds: readonly Audited[],
): Figure | undefined {
  const panels = kinds.flatMap((kind) => {
    const own = pooled.filter((one) => one.kind === kind);
    const lines = own.map((one) => recallLine(audit, one)).filter(({ points }) => points.length > 0);
    return lines.length > 0 ? [{ title: AUDITED_NAMES[kind], count: own[0]!.count, lines }] : [];
  });
  if (panels.length === 0) return undefined;
  return recallCurves({
    name: RECALL_FIGURE,
    title: 'How many of the strongest components each method finds',
    subtitle: `Of the exact top k by size, the share in the method’s own top k; ${overText(audit)}`,
    caption:
      'Exact patching ranks all components by |AP|, pairs of heads by |via|. A line at 1 means that the first k of a method are the true first k, in any order. The thin dashed line is what a random order finds. Where k reaches the number of components nothing is counted.',
    panels,
  });
}

function recallLine({ methods, recall_at }: AuditJson, { method, recall }: Pooled): RecallLine {
  const series = methods.findIndex(({ name }) => name === method);
  const points = recall.map((spread, at) => ({ k: recall_at[at]!, ...spread }));
  return {
    series,
    title: methods[series]!.title,
    points: points.filter(({ mean }) => Number.isFinite(mean)),
  };
}

/** Over what values are taken together. */
export function overText({ pairs, options: { directions } }: AuditJson): string {
  const ways = directions.length === 1 ? directions[0]! : 'both directions';
  return pairs.length === 1 ? ways : `mean over ${pairs.length} pairs and ${ways}`;
}

/** All pairs and directions of a kind together, on the scale of their pair; undefined where there is nothing. */
function scatterFigure(audit: AuditJson, scores: readonly AuditScores[], kind: Audited): Figure | undefined {
  const normalised = audit.pairs.some(({ small_d }) => !small_d);
  const list = scores.filter(
    (one) => one.kind === kind && !(normalised && audit.pairs[one.pair - 1]!.small_d),
  );
  const panels = audit.methods.flatMap(({ name, title, signed }) => {
    const points = list.flatMap((one) => pointsOf(audit, one, name, { normalised, signed }));
    return points.length > 0 ? [{ title, points }] : [];
  });
  if (panels.length === 0) return undefined;
  const { tau } = audit.options;
  const left = audit.pairs.length - new Set(list.map(({ pair }) => pair)).size;
  return auditScatter({
    name: `audit-${kind.replace('_', '-')}`,
    title: `${AUDITED_NAMES[kind]}: approximate against exact`,
    subtitle: `Sizes on logarithmic axes, ${normalised ? `dotted: tau = ${formatNumber(tau)}` : 'changes of F: D is small'}; dashed: equal`,
    caption: scatterCaption(kind, normalised, left),
    unit: normalised ? 'share of |D|' : 'change of F (logits)',
    panels,
    threshold: normalised ? tau : 0,
  });
}

function scatterCaption(kind: Audited, normalised: boolean, left: number): string {
  const what =
    kind === 'head_pairs'
      ? 'Every pair of a head and a head of a later layer: exact mediation (via) against its first-order estimate (through). Colour is the label of the first head.'
      : `Every ${singular(kind)} of every pair and direction: exact patching against the method’s score. Colour is the label by exact patching.`;
  const small = left > 0 ? ` ${left} pairs with a small D are left out.` : '';
  const signs = normalised ? ' A × marks a score of the wrong sign where the exact one is tau or more.' : '';
  return `${what} Above the dashed line the method scores too little, below it too much. Points at the left edge are missed altogether.${signs}${small}`;
}

function pointsOf(
  audit: AuditJson,
  { pair, kind, direction, components, exact, labels, methods }: AuditScores,
  method: string,
  { normalised, signed }: { readonly normalised: boolean; readonly signed: boolean },
): AuditPoint[] {
  const approximate = methods.get(method);
  if (!approximate) return [];
  const scale = normalised ? Math.abs(audit.pairs[pair - 1]!.metric.D) : 1;
  const width = components.shape[1]!;
  const several = audit.pairs.length > 1 ? ` (${pair})` : '';
  return Array.from(exact, (value, i): AuditPoint => {
    const place = [...components.data.subarray(i * width, (i + 1) * width)];
    const name =
      kind === 'head_pairs' ? `${place.slice(0, 2).join('.')}→${place.slice(2).join('.')}` : place.join('.');
    const counts = normalised && signed && Math.abs(value) / scale >= audit.options.tau;
    return {
      name: `${name} ${direction[0]}${several}`,
      exact: value / scale,
      approximate: approximate[i]! / scale,
      wrongSign: counts && Math.sign(value) * Math.sign(approximate[i]!) < 0,
      label: labels?.[i],
    };
  });
}
