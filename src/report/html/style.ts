/** The style sheet of the page: system fonts, dark on light, narrow and wide screens, print. */
export const STYLE: string = `
:root { --ink: #1d2125; --soft: #59626b; --line: #d9dee3; --paper: #ffffff; --wash: #f5f7f9; --accent: #0b5c8f; --warn: #8a4b00; }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
body { margin: 0; color: var(--ink); background: var(--paper); font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
.layout { display: grid; grid-template-columns: minmax(0, 1fr); max-width: 1260px; margin: 0 auto; padding: 0 1.25rem; }
header { padding: 2.5rem 0 1.25rem; border-bottom: 1px solid var(--line); }
h1 { font-size: 1.85rem; line-height: 1.2; margin: 0 0 .4rem; letter-spacing: -.01em; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 3rem 0 .75rem; padding-top: .25rem; }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }
p, ul, dl { max-width: 46rem; }
p { margin: 0 0 .85rem; }
li { margin-bottom: .4rem; }
.lead { color: var(--soft); margin: 0; overflow-wrap: anywhere; }
a { color: var(--accent); text-underline-offset: .15em; }
a:focus-visible, button:focus-visible, input:focus-visible, .scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
nav { padding: 1rem 0 0; font-size: .9rem; }
nav ol { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; margin: 0; }
nav li { margin: 0; }
nav a { text-decoration: none; color: var(--soft); }
nav a:hover { color: var(--accent); text-decoration: underline; }
main { min-width: 0; padding-bottom: 4rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.75rem, 1fr)); gap: .75rem; margin: 1.5rem 0; max-width: none; }
.facts div { min-width: 0; background: var(--wash); border-radius: 8px; padding: .7rem .9rem; }
.facts dt { font-size: .78rem; color: var(--soft); }
.facts dd { margin: 0; font-size: 1.15rem; font-weight: 600; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.notice { border-left: 4px solid #c77700; background: #fff7ea; padding: .7rem 1rem; margin: 0 0 .75rem; max-width: 46rem; overflow-wrap: anywhere; }
.notice code { color: var(--warn); }
figure { margin: 1.5rem 0 2.25rem; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px;
  /* Shadows at the sides where there is more to scroll to; white covers them where there is not. */
  background: linear-gradient(90deg, #fff 50%, #fff0) left / 2.5rem 100% no-repeat local, linear-gradient(270deg, #fff 50%, #fff0) right / 2.5rem 100% no-repeat local,
    linear-gradient(90deg, #0003, #0000) left / .9rem 100% no-repeat, linear-gradient(270deg, #0003, #0000) right / .9rem 100% no-repeat #fff; }
figure .scroll { padding: .25rem; }
figure svg { display: block; margin: 0 auto; max-width: 100%; height: auto; min-width: min(100%, 40rem); }
figcaption { color: var(--soft); font-size: .92rem; line-height: 1.5; margin-top: .6rem; max-width: 50rem; }
dl.words dt { font-weight: 600; margin-top: .7rem; }
dl.words dd { margin: .1rem 0 0; }
details > summary { cursor: pointer; font-weight: 600; }
table { border-collapse: collapse; font-size: .82rem; font-variant-numeric: tabular-nums; width: 100%; }
th, td { padding: .3rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { padding-left: .9rem; }
td.text, th.text { text-align: left; }
td.wrap { white-space: normal; overflow-wrap: anywhere; min-width: 14rem; }
table.cross { width: auto; }
table.cross td.kept { outline: 2px solid var(--accent); outline-offset: -2px; }
thead th { position: sticky; top: 0; background: var(--wash); font-weight: 600; vertical-align: bottom; z-index: 1; }
thead tr.groups th { text-align: center; color: var(--soft); font-weight: 500; border-left: 1px solid var(--line); position: static; }
tbody tr:hover { background: #eef4f8; }
.tall { max-height: 34rem; overflow: auto; }
th button { all: unset; cursor: pointer; white-space: nowrap; }
th button::after { content: " \\2195"; color: #a7b0b8; }
th[aria-sort=ascending] button::after { content: " \\2191"; color: var(--accent); }
th[aria-sort=descending] button::after { content: " \\2193"; color: var(--accent); }
.tools { display: flex; flex-wrap: wrap; gap: .5rem 1.25rem; font-size: .88rem; color: var(--soft); margin: .25rem 0 .6rem; }
pre, code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .86em; }
pre { background: var(--wash); border-radius: 8px; padding: .9rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere; max-width: 60rem; }
footer { color: var(--soft); font-size: .85rem; border-top: 1px solid var(--line); padding: 1rem 0 2.5rem; }
@media (min-width: 68rem) {
  .layout { grid-template-columns: 12.5rem minmax(0, 1fr); column-gap: 3rem; }
  header, footer { grid-column: 1 / -1; }
  nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow: auto; padding: 2.2rem 0; }
  nav ol { display: block; }
  nav li { margin-bottom: .5rem; }
}
@media (max-width: 40rem) {
  body { font-size: 15px; }
  .layout { padding: 0 1rem; }
  header { padding-top: 1.5rem; }
  h1 { font-size: 1.45rem; }
  h2 { font-size: 1.2rem; margin-top: 2.25rem; }
  figure svg { max-width: none; min-width: 40rem; }
  figure::before { content: "Scroll sideways to see the whole figure."; display: block; color: var(--soft); font-size: .85rem; margin-bottom: .3rem; }
}
@media print {
  nav, .tools, figure::before { display: none; }
  .layout { display: block; max-width: none; padding: 0; }
  body { font-size: 10.5pt; }
  .tall { max-height: none; }
  .scroll { overflow: visible; border: 0; }
  figure { break-inside: avoid; }
  figure svg { min-width: 0; max-width: 100%; max-height: 24cm; }
  h2, h3 { break-after: avoid; }
  table { font-size: 6.5pt; }
  th, td { padding: .12rem .25rem; }
  thead th { position: static; }
}
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
`;
