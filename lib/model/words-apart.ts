/** A piece of a text that stayed, went or came. */
export interface Piece {
  text: string
  kind: 'same' | 'gone' | 'new'
}

/** With less in common than this part of the longer text, words that stay by chance only confuse. */
const LEAST_IN_COMMON = 0.4
/** Longer texts are shown one above the other: finding what they share costs the product of their lengths. */
const MOST_WORDS = 600

/** Two texts taken apart into words (or what else `partsIn` takes them for) that stayed, went and came: the longest run in common stays. */
export function wordsApart(before: string, after: string, partsIn = wordsIn): Piece[] {
  const [was, is] = [partsIn(before), partsIn(after)]
  const apart: Piece[] = [
    { text: before, kind: 'gone' },
    { text: after, kind: 'new' },
  ]
  if (was.length > MOST_WORDS || is.length > MOST_WORDS) return apart
  const pieces: Piece[] = []
  const push = (text: string, kind: Piece['kind']): void => {
    const last = pieces.at(-1)
    if (last?.kind === kind) last.text += text
    else pieces.push({ text, kind })
  }
  const common = commonLengths(was, is)
  let [a, b] = [0, 0]
  while (a < was.length || b < is.length) {
    if (a < was.length && b < is.length && was[a] === is[b]) {
      push(was[a] ?? '', 'same')
      a++
      b++
    } else if (b >= is.length || (a < was.length && (common[a + 1]?.[b] ?? 0) >= (common[a]?.[b + 1] ?? 0))) push(was[a++] ?? '', 'gone')
    else push(is[b++] ?? '', 'new')
  }
  const shared = pieces.reduce((sum, piece) => sum + (piece.kind === 'same' ? piece.text.length : 0), 0)
  return shared < LEAST_IN_COMMON * Math.max(before.length, after.length) ? apart : pieces
}

/** Words, and the blanks between them as words of their own. */
const wordsIn = (text: string): string[] => text.match(/\s+|[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu) ?? []

/** The titles of an order, each whole: its words moved with it. */
export const titlesIn = (text: string): string[] => text.split(/( · )/)

/** For every pair of places the length of what both share from there on. */
function commonLengths(was: readonly string[], is: readonly string[]): number[][] {
  const lengths = Array.from({ length: was.length + 1 }, () => new Array<number>(is.length + 1).fill(0))
  for (let a = was.length - 1; a >= 0; a--)
    for (let b = is.length - 1; b >= 0; b--) {
      const row = lengths[a] as number[]
      row[b] = was[a] === is[b] ? (lengths[a + 1]?.[b + 1] ?? 0) + 1 : Math.max(lengths[a + 1]?.[b] ?? 0, row[b + 1] ?? 0)
    }
  return lengths
}
