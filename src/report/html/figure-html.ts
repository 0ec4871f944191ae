/** Figures on a page. */
import type { Figure } from '../../plots/figure.ts';
import { escapeXml } from '../../xml.ts';
import { escape } from './html.ts';

/** Figures below one another. */
export function figuresHtml(figures: readonly Figure[]): string {
  return figures.map(figureHtml).join('\n');
}

/** The drawing in a scrolling frame, its caption, and links to its files. */
function figureHtml({ name, svg, caption, title }: Figure): string {
  return `<figure id="figure-${name}"><div class="scroll" tabindex="0" role="region" aria-label="${escapeXml(title)}">${svg}</div>
<figcaption>${escape(caption)} <a href="figures/${name}.svg">SVG</a> · <a href="figures/${name}.png">PNG</a></figcaption></figure>`;
}
