/** What tests of figures share: words, and points about a line. */
import { Random } from './random.ts';

type Words = Record<'name' | 'title' | 'subtitle' | 'caption', string>;

export const figureWords = (name: string): Words => ({
  name,
  title: `The ${name}`,
  subtitle: 'What is shown',
  caption: 'How to read it',
});

/** Points about the line y = 0.8 x, as for two methods. */
export function noisyPoints(count: number, seed: number): { name: string; x: number; y: number }[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => {
    const x = random.normal();
    return { name: `${i % 5}.${Math.floor(i / 5)}`, x, y: 0.8 * x + 0.3 * random.normal() };
  });
}
