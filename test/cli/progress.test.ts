import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { duration, progressView, size } from '../../src/cli/progress.ts';

/** A stream that keeps what is written, and a clock that is set by hand. */
function stage(isTTY: boolean) {
  const stage = { text: '', time: 0 };
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      stage.text += chunk.toString();
      done();
    },
  });
  const view = progressView(false, Object.assign(stream, { isTTY }), () => stage.time);
  return { stage, view };
}

describe('progress without a terminal', () => {
  it('is one line a phase when it ends, and a line every ten seconds', () => {
    const { stage: seen, view } = stage(false);
    view.show({ phase: 'weights', done: 0, total: 4_600_000, unit: 'bytes' });
    seen.time = 300;
    view.show({ phase: 'weights', done: 4_600_000, total: 4_600_000, unit: 'bytes' });
    view.show({ phase: 'both runs', done: 0, total: 1 });
    seen.time = 1000;
    view.show({ phase: 'both runs', done: 1, total: 1 });
    for (let done = 0; done <= 60; done++) {
      seen.time = 1000 + 450 * done;
      view.show({ phase: 'integrated gradients', done, total: 60, unit: 'layers' });
    }
    view.finish();
    expect(seen.text.split('\n')).toEqual([
      'weights                4.6 MB, 0.3 s',
      'both runs              0.7 s',
      'integrated gradients   23 of 60 layers, 17 s left',
      'integrated gradients   46 of 60 layers, 6.3 s left',
      'integrated gradients   60 layers, 27 s',
      'total                  28 s',
      '',
    ]);
  });

  it('ends without a line where a phase is broken off', () => {
    const { stage: seen, view } = stage(false);
    view.show({ phase: 'patching', done: 3, total: 9, unit: 'components' });
    view.stop();
    expect(seen.text).toBe('');
  });
});

it('on a terminal shows a bar that goes when its phase ends', () => {
  const { stage: seen, view } = stage(true);
  view.show({ phase: 'patching', done: 0, total: 9, unit: 'components' });
  view.show({ phase: 'patching', done: 9, total: 9, unit: 'components' });
  expect(seen.text.endsWith('patching               9 components, 0.0 s\n')).toBe(true);
});

it('says nothing when quiet', () => {
  const lines: string[] = [];
  const stream = new Writable({ write: (chunk: Buffer) => void lines.push(chunk.toString()) });
  const view = progressView(true, stream);
  view.show({ phase: 'patching', done: 9, total: 9 });
  view.finish();
  expect(lines).toEqual([]);
});

it.each([
  [0, '0.0 s'],
  [9_940, '9.9 s'],
  [9_960, '10 s'],
  [59_600, '1 min 0 s'],
  [125_000, '2 min 5 s'],
  [3_599_700, '1 h 0 min'],
  [7_380_000, '2 h 3 min'],
])('duration of %d ms', (milliseconds, text) => expect(duration(milliseconds)).toBe(text));

it.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [538_060_032, '538 MB'],
  [12_345_678, '12 MB'],
  [4_652_216_320, '4.7 GB'],
])('size of %d', (bytes, text) => expect(size(bytes)).toBe(text));
