import { addressProblem } from './address'

/** A piece of a message's words as WhatsApp shows them. Plain data: whoever draws it escapes `text` and `href`. */
export interface Segment {
  text: string
  bold?: true
  italic?: true
  strike?: true
  mono?: true
  /** Only http and https, checked. */
  href?: string
  /** A message that is nothing but a few emoji. */
  large?: true
}

type Style = 'bold' | 'italic' | 'strike' | 'mono'
type Styles = Partial<Record<Style, true>>

/** Longest first: three backticks are not three single ones. */
const MARKS: readonly (readonly [mark: string, style: Style])[] = [
  ['```', 'mono'],
  ['`', 'mono'],
  ['*', 'bold'],
  ['_', 'italic'],
  ['~', 'strike'],
]
/** Characters that are formatted; what comes behind them is shown as it is. Four times what WhatsApp takes. */
const FORMATTED = 16_384
const ADDRESS = /https?:\/\/[^\s<>"]+/g
/** Belongs to the sentence, not to the address. */
const AFTER_ADDRESS = /[.,;:!?'*_~`)\]}]+$/

/**
 * `*bold*`, `_italic_`, `~strike~`, `` `code` `` and ``` ```mono``` ```, as WhatsApp reads them: a mark counts at the edge of a word,
 * its words touch it on the inside, and only ``` reaches over a line. Addresses become links. Line breaks stay in `text`.
 */
export function formatted(text: string): Segment[] {
  const segments: Segment[] = []
  read(text.slice(0, FORMATTED), {}, segments)
  if (text.length > FORMATTED) push(segments, text.slice(FORMATTED), {})
  return segments
}

/** Flags are two letters; a face may have a colour, and be joined to others. */
const FEW_EMOJI =
  /^(?:(?:\p{RI}{2}|(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F)\p{EMod}?(?:\u200D(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F)\p{EMod}?)*)\s?){1,3}$/u

/** What somebody wrote by itself: as `formatted`, and one to three emoji alone are large. */
export const spoken = (text: string): Segment[] => (text.length <= 64 && FEW_EMOJI.test(text) ? [{ text: text.trim(), large: true }] : formatted(text))

/** The words alone, in one line, without the marks. */
export function plain(text: string): string {
  // Most words have no mark, and no other space than single ones: what has none is read as it stands.
  const words = /[`*_~]/.test(text)
    ? formatted(text)
        .map((segment) => segment.text)
        .join('')
    : text
  return (/[^\S ]| {2}/.test(words) ? words.replaceAll(/\s+/g, ' ') : words).trim()
}

function read(text: string, styles: Styles, out: Segment[]): void {
  let from = 0
  let at = 0
  // A mark that finds no partner on this line finds none further along it either.
  const barren = new Map<string, number>()
  while (at < text.length) {
    const address = addressAt(text, at)
    if (address !== null) {
      push(out, text.slice(from, at), styles)
      out.push({ text: address, ...styles, href: address })
      at += address.length
      from = at
      continue
    }
    const found = spanAt(text, at, styles, barren)
    if (found === null) {
      at++
      continue
    }
    push(out, text.slice(from, at), styles)
    const inner = text.slice(at + found.mark.length, found.end)
    const within = { ...styles, [found.style]: true }
    if (found.style === 'mono') push(out, inner, within)
    else read(inner, within, out)
    at = found.end + found.mark.length
    from = at
  }
  push(out, text.slice(from), styles)
}

function spanAt(text: string, at: number, styles: Styles, barren: Map<string, number>): { mark: string; style: Style; end: number } | null {
  const entry = MARKS.find(([mark]) => text.startsWith(mark, at))
  if (!entry || styles[entry[1]] || !isEdge(text[at - 1])) return null
  const [mark, style] = entry
  if (at < (barren.get(mark) ?? 0)) return null
  const lineEnd = mark === '```' ? text.length : lineEndOf(text, at)
  const inside = text[at + mark.length]
  if (inside === undefined || (mark !== '```' && (/\s/.test(inside) || inside === mark))) return null
  for (let end = text.indexOf(mark, at + mark.length + 1); end !== -1 && end < lineEnd; end = text.indexOf(mark, end + 1)) {
    if (mark === '```' || (!/\s/.test(text[end - 1] ?? ' ') && isEdge(text[end + mark.length]))) return { mark, style, end }
  }
  barren.set(mark, lineEnd)
  return null
}

const lineEndOf = (text: string, at: number): number => {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}

/** Letters, their signs and digits of any script are the inside of a word. */
const isEdge = (char: string | undefined): boolean => char === undefined || !/[\p{L}\p{M}\p{N}]/u.test(char)

function addressAt(text: string, at: number): string | null {
  if (text[at] !== 'h' || !isEdge(text[at - 1])) return null
  ADDRESS.lastIndex = at
  const found = ADDRESS.exec(text)
  if (!found || found.index !== at) return null
  const address = found[0].replace(AFTER_ADDRESS, '')
  return addressProblem(address) === null ? address : null
}

function push(out: Segment[], text: string, styles: Styles): void {
  if (text !== '') out.push({ text, ...styles })
}
