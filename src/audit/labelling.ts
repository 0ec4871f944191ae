/**
 * Which labels a method's own scores would give: the exact rule (`latent/labels.ts`) on its scores in both directions,
 * counted by the exact label. A method that sees what exact patching sees has all counts where both labels are the same.
 */
import { type BothDirections, type Label, labelComponents, labelName } from '../latent/labels.ts';
import { AUDIT_LABELS, type AuditLabel } from '../results/audit-json.ts';
import { type Contrast, isSmallD, type MetricValues } from '../terms.ts';

/** The labels of all components, `none` for those without; undefined where D is small. */
export function auditLabels(
  ap: BothDirections,
  metric: MetricValues,
  tau: number,
  contrast: Contrast,
): AuditLabel[] | undefined {
  if (isSmallD(metric)) return undefined;
  return labelComponents(ap, metric, tau).map((label) => nameOf(label, contrast));
}

/** Rows of counts, one for each exact label that occurs, in the order of all labels. */
export function labellings(
  exact: readonly AuditLabel[],
  method: readonly AuditLabel[],
): { readonly label: AuditLabel; readonly labelled: Partial<Record<AuditLabel, number>> }[] {
  return AUDIT_LABELS.filter((label) => exact.includes(label)).map((label) => {
    const labelled: Partial<Record<AuditLabel, number>> = {};
    exact.forEach((own, i) => {
      if (own === label) labelled[method[i]!] = (labelled[method[i]!] ?? 0) + 1;
    });
    return { label, labelled };
  });
}

function nameOf(label: Label | undefined, contrast: Contrast): AuditLabel {
  return label === undefined ? 'none' : labelName(label, contrast);
}
