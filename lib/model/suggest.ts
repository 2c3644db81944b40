/** Longer words are not typed by hand, and comparing them costs. */
const LONGEST = 64

/** The known word that was probably meant, or null when none is near. `-`, `_`, spaces and case do not count as differences. */
export function suggest(word: string, known: readonly string[]): string | null {
  if (word.length > LONGEST) return null
  const typed = plain(word)
  let best: { word: string; distance: number } | null = null
  for (const candidate of known.slice(0, 1000)) {
    if (candidate.length > LONGEST) continue
    const distance = distanceOf(typed, plain(candidate))
    if (distance <= tolerance(Math.max(typed.length, candidate.length)) && (best === null || distance < best.distance)) best = { word: candidate, distance }
  }
  return best?.word ?? null
}

/** ` Did you mean "footer"?`, or the known words when there are few, or nothing; to follow a sentence. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = suggest(word, known)
  if (near !== null) return ` Did you mean "${near}"?`
  return known.length > 0 && known.length <= 20 ? ` Known: ${known.join(', ')}.` : ''
}

const plain = (word: string): string => word.toLowerCase().replaceAll(/[-_\s]/g, '')
const tolerance = (length: number): number => (length < 4 ? 1 : length < 8 ? 2 : 3)

/** Edits that turn one word into the other: insert, delete, replace, swap two neighbours. */
function distanceOf(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(before, j - 2) + 1 : Number.POSITIVE_INFINITY
      row.push(Math.min(replaced, swapped, at(last, j) + 1, at(row, j - 1) + 1))
    }
    before = last
    last = row
  }
  return at(last, b.length)
}
const at = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY
