import { createRequire } from 'node:module';

/** As in `, did you mean "max"?`; nothing when no candidate is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const near = closestOf(word, candidates);
  return near === undefined ? '' : `, did you mean "${near}"?`;
}

/** The candidate that a typo could have been meant for. */
export function closestOf(word: string, candidates: readonly string[]): string | undefined {
  if (candidates.length === 0) return undefined;
  // Loaded for the first typo: whatever imports this is imported by every worker, for its types of options.
  const { closest, distance } = createRequire(import.meta.url)('fastest-levenshtein') as Levenshtein;
  const inOneCase = candidates.map((each) => each.toLowerCase());
  const near = closest(word.toLowerCase(), inOneCase);
  if (distance(word.toLowerCase(), near) > mostMistaken(word)) return undefined;
  // Names can differ in nothing but the case.
  return closest(
    word,
    candidates.filter((_, index) => inOneCase[index] === near),
  );
}

/** How many letters of a word may be wrong. One alone is near to every short name: of that only the case may be. */
function mostMistaken(word: string): number {
  return word.length === 1 ? 0 : Math.max(2, Math.floor(word.length / 3));
}

type Levenshtein = typeof import('fastest-levenshtein');
