import { readFile } from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { studyFigures } from '../../src/report/study/figures.ts';
import { gainsFigure } from '../../src/report/study/gain-figures.ts';
import { pageHtml } from '../../src/report/study/page.ts';
import { viewStudy } from '../../src/report/study/view.ts';
import { openStudy } from '../../src/results/read.ts';
import type { StudyJson } from '../../src/results/study-json.ts';
import { sampleFolder } from '../support/sample-folder.ts';
import { writeSampleMediation } from '../support/placed-mediation.ts';
import type { SampleOptions } from '../support/sample-study.ts';

/** Drawing is a matter of seconds on a busy machine. */
vi.setConfig({ testTimeout: 60_000 });

/** The page of a synthetic study; `edit` changes its study.json first. */
async function page(
  options: SampleOptions = {},
  edit: (study: StudyJson) => void = () => {},
): Promise<string> {
  const results = await openStudy(await sampleFolder({ layers: 3, heads: 4, ...options }));
  edit(results.study);
  const view = viewStudy(results);
  return pageHtml(view, await studyFigures(view));
}

/** What a reader reads: without styles, scripts and tags. */
function words(html: string): string {
  return html.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '').replace(/<[^>]*>/g, ' ');
}

const FORBIDDEN =
  /\b(necessary|necessity|significan\w+|p-value|confidence interval|inactive|percent|clean_corrupt|per cent)\b|%/i;

const VARIANTS: readonly [string, SampleOptions][] = [
  ['a removal', {}],
  ['a swap', { contrast: 'swap' }],
  ['small D', { smallD: true }],
  ['heads alone', { kinds: ['heads'], measures: [] }],
  ['neurons alone', { kinds: ['neurons'] }],
  ['noising alone', { directions: ['noising'] }],
  ['absent arrays', { absent: true }],
  ['pairs', { mediation: 'heads' }],
  ['pairs of a swap', { contrast: 'swap', mediation: 'heads+neurons:12' }],
  ['pairs, noising alone', { directions: ['noising'], mediation: 'heads' }],
];

describe.each(VARIANTS)('the page of %s', (_name, options) => {
  it('claims no more than the definitions allow', async () => {
    const text = words(await page(options));
    expect(text).not.toMatch(FORBIDDEN);
    expect(text).not.toMatch(/NaN|undefined|\[object/);
    for (const sentence of text.match(/[^.>]*mean log gain[^.]*/g) ?? [])
      expect(sentence).toContain('On this pair');
  });

  it('loads nothing and is well-formed where it matters', async () => {
    const html = await page(options);
    expect(html).not.toMatch(/(src|srcset|action|poster)=|@import|url\(|<link|<iframe|<img|fetch\(|\beval\b/);
    const links = [...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1]!);
    expect(links.every((link) => link.startsWith('#') || link.startsWith('figures/'))).toBe(true);
    for (const link of links.filter((href) => href.startsWith('#')))
      expect(html).toContain(`id="${link.slice(1)}"`);
    expect(html.match(/<svg/g)?.length).toBe(html.match(/<\/svg>/g)?.length);
  });
});

describe('the words of the page', () => {
  it('speak of AND and OR for a removal only, and never from integrated gradients', async () => {
    expect(words(await page())).toMatch(/\d AND/);
    expect(words(await page({ contrast: 'swap' }))).not.toMatch(/\b(AND|OR)\b/);
    expect(words(await page({ smallD: true }))).not.toMatch(/\b(AND|OR)\b/);
    const items = words(await page()).split('\n');
    const gradients = items.filter((line) => /integrated gradients/i.test(line));
    expect(gradients.length).toBeGreaterThan(0);
    for (const line of gradients) expect(line).not.toMatch(/\b(AND|OR)\b/);
  });

  it('report the randomisation rank with its smallest attainable value', async () => {
    const text = words(await page({ layers: 4, heads: 8 }));
    expect(text).toMatch(/On this pair, in noising, take the set of \d+ heads? labelled AND or OR/);
    expect(text).toMatch(/its mean log gain exceeds [\d,]+ of (all )?[\d,]+ matched sets/);
    expect(text).toMatch(/the smallest attainable rank is 1 of [\d,]+/);
  });

  it('count labelled components without a gain, and draw no gains of none', async () => {
    const results = await openStudy(await sampleFolder({ layers: 3, heads: 4, kinds: ['heads'] }));
    const { labels, controls } = results.study;
    labels.heads = { and: [[2, 0]], or: [[2, 1]], adder: [[0, 0]] };
    const none = { labelled: 0, matched: 0, unmatched: 0, points: [] };
    for (const rules of Object.values(controls.heads!)) Object.assign(rules.matched, none);
    const text = words(pageHtml(viewStudy(results), []));
    expect(text).toContain(
      'gains cannot be compared: 2 heads without a gain above 0, out of 2 labelled AND or OR',
    );
    labels.heads = { and: [], or: [], adder: [[0, 0]] };
    expect(words(pageHtml(viewStudy(results), []))).toContain('No head is labelled AND or OR');
    expect(gainsFigure(viewStudy(results), 'heads')).toBeUndefined();
  });

  it('call a component sufficient from e = 0.9 on, for this contrast', async () => {
    const html = await page({}, (study) => {
      const scale = study.metric;
      scale.D = 0.01;
      scale.clean = 0.01;
      scale.corrupted = 0;
    });
    expect(words(html)).toMatch(/sufficient for this contrast/);
    expect(words(await page({ smallD: true }))).not.toContain('sufficient');
  });

  it('say which kind gains run over where only one was computed', async () => {
    expect(words(await page({ kinds: ['heads'] }))).toContain('gains run over heads alone');
  });

  it('mark a study that repeats the published indexing', async () => {
    const html = await page({ measures: ['mean'] }, (study) => (study.options.as_published = true));
    const text = words(html);
    expect(text.slice(0, text.indexOf('Summary'))).toMatch(
      /As published\..*published notebook’s own indexing.*not effects of the heads.*position 3 of all neurons.*averages/s,
    );
    expect(text).toMatch(/In every layer heads 0 to 3 appear to do exactly nothing/);
    expect(text).toMatch(/All neurons of a layer have the same numbers: each stands for position 3/);
    expect(text).not.toMatch(/\b(AND|OR|ADDER|asymmetry|Gain|Ledger|normalised effect)\b/);
    expect(text).not.toMatch(/D is small|On this pair/);
    const figures = [...html.matchAll(/<figure id="figure-([^"]*)"/g)].map(([, name]) => name);
    expect(figures).toEqual([
      'tokens',
      'heads-patching',
      'heads-ig',
      'heads-latent',
      'heads-to-heads-noising',
      'heads-to-heads-denoising',
    ]);
    for (const title of html.matchAll(/aria-label="([^"]*)"[^>]*><svg/g))
      expect(title[1]).toMatch(/^As published|pair of prompts/);
    expect(words(await page())).not.toContain('As published');
  });
});

describe('pairs', () => {
  /** The words of a page without figures. */
  async function text(options: SampleOptions): Promise<string> {
    const results = await openStudy(await sampleFolder({ layers: 3, heads: 4, ...options }));
    return words(pageHtml(viewStudy(results), []));
  }

  it('have a section with a sentence for each strong component, and none in older folders', async () => {
    expect(await text({})).not.toContain('who backs whom up');
    const shown = await text({ mediation: 'heads' });
    expect(shown).toMatch(
      /Head {1,2}?\d\.\d.*alone, e = −?\d\.\d{3} in noising and −?\d\.\d{3} in denoising/,
    );
    expect(shown).toContain('they do not add up');
    expect(shown).toContain('hidden backups');
  });

  it('claim nothing where D is small, and no backup from one direction', async () => {
    expect(await text({ smallD: true, mediation: 'heads' })).toContain('nothing is claimed');
    const one = await text({ directions: ['noising'], mediation: 'heads' });
    expect(one).toContain('only one was run');
    expect(one).not.toMatch(/\b(AND|OR) with\b|backed up by \d/i);
  });

  it('name a neuron as one', async () => {
    const shown = await text({ mediation: 'heads+neurons:12' });
    expect(shown).toMatch(/L\dN\d/);
    expect(shown).not.toMatch(/neuron \d+\.\d+/i);
  });
});

describe('hostile text', () => {
  it('is escaped and made visible everywhere', async () => {
    const evil = '</script><script>alert(1)</script>\u202e\n"\'&';
    const html = await page({ answer: evil }, (study) => {
      study.model.id = evil;
      study.model.architecture = evil;
      study.pair.clean.text = evil;
      study.pair.clean.tokens[10] = evil;
      study.pair.contrast = 'removal';
      study.metric.name = `logit ${evil}`;
      study.lint.push({ code: evil, message: evil });
      study.options[evil] = evil;
      study.versions[evil] = evil;
      study.versions.mediators = evil;
      study.phases.push({ name: evil, seconds: 1, peak_bytes: Number.NaN });
      study.arrays_absent.push(evil);
      study.command = evil;
      study.provider = evil;
      study.schema = evil;
      study.model.sha256 = evil;
    });
    expect(html).not.toContain('alert(1)</script>');
    expect(html).not.toContain('\u202e');
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).toContain('&lt;script&gt;alert(1)');
    expect(html).toContain('⏎');
  });
});

describe('tables', () => {
  it('hold every head, exactly', async () => {
    const folder = await sampleFolder({ layers: 3, heads: 4 });
    const results = await openStudy(folder);
    const view = viewStudy(results);
    const html = pageHtml(view, []);
    const rows = /<table class="sortable" id="table-heads">[\s\S]*?<\/table>/.exec(html)![0].match(/<tr>/g);
    expect(rows).toHaveLength(3 * 4 + 1);
    const exact = new Set(
      [...html.matchAll(/data-v="([^"]+)"/g)].map((match) => Math.fround(Number(match[1]))),
    );
    for (const value of results.scores.get('ap.noising.heads')!.data) expect(exact.has(value)).toBe(true);
    for (const value of results.scores.get('ledger.denoising.heads')!.data)
      expect(exact.has(value)).toBe(true);
  });

  it('show what does not exist as a dash', async () => {
    const html = await page({ layers: 3, heads: 7 });
    expect(html).toContain('<td data-v="">–</td>');
  });
});

it('names no path of the machine that it was made on', async () => {
  const html = await page();
  const here = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  expect(html).toContain(JSON.parse(here).version);
  expect(html).not.toContain(process.cwd());
});

describe('the circuit', () => {
  it('has a section where the study has mediation, and none where it has not', async () => {
    const folder = await sampleFolder({ layers: 3, heads: 4 });
    const without = viewStudy(await openStudy(folder));
    expect(pageHtml(without, await studyFigures(without))).not.toContain('id="circuit"');
    await writeSampleMediation(folder);
    const view = viewStudy(await openStudy(folder));
    const html = pageHtml(view, await studyFigures(view));
    expect(html).toContain('<section id="circuit"');
    expect(html).toContain('id="figure-circuit"');
    expect(words(html)).not.toMatch(FORBIDDEN);
    expect(words(html)).not.toMatch(/NaN|undefined|\[object/);
  });

  it('is left out where D is small', async () => {
    const folder = await sampleFolder({ layers: 3, heads: 4, smallD: true });
    await writeSampleMediation(folder);
    const view = viewStudy(await openStudy(folder));
    expect((await studyFigures(view)).some(({ section }) => section === 'circuit')).toBe(false);
  });
});
