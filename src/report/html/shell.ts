/** What every page has: head, contents, sections, foot. One file that opens offline, with everything in it. */
import { escape } from './html.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

export interface Section {
  id: string;
  title: string;
  html: string;
}

export interface ShellOptions {
  title: string;
  /** HTML of the line below the title, and of what follows it. */
  lead: string;
  facts: readonly (readonly [name: string, value: string])[];
  /** HTML below the facts; nothing by default. */
  banner?: string;
  /** Those without content are left out. */
  sections: readonly Section[];
  version: string;
}

/** A whole page. */
export function shellHtml({ title, lead, facts, banner = '', sections: all, version }: ShellOptions): string {
  const sections = all.filter((section) => section.html !== '');
  const contents = sections.map(({ id, title: name }) => `<li><a href="#${id}">${name}</a></li>`);
  const body = sections.map(
    ({ id, title: name, html }) =>
      `<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${name}</h2>\n${html}\n</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<div class="layout">
<header>
<h1>${escape(title)}</h1>
<p class="lead">${lead}</p>
${factsHtml(facts)}
${banner}</header>
<nav aria-label="Contents"><ol>${contents.join('')}</ol></nav>
<main>
${body.join('\n')}
</main>
<footer>Made by mediators ${escape(version)}. This page loads nothing from the network.</footer>
</div>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function factsHtml(facts: ShellOptions['facts']): string {
  return `<dl class="facts">${facts.map(([name, value]) => `<div><dt>${escape(name)}</dt><dd>${escape(value)}</dd></div>`).join('')}</dl>`;
}
