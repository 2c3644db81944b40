/** Names of variables: `order`, `first_name`. */
export const VARIABLE_NAME = /^[a-z_][a-z0-9_]*$/

/** A piece of a text: words as they are, a variable, or braces that are none (`near` is the part to show). */
export type Part = { words: string } | { name: string } | { broken: string; near: string; why: string }

/** Takes a text apart at its `{{variables}}`; spaces inside the braces are ignored. One pass, whatever the text. */
export function partsOf(text: string): Part[] {
  const parts: Part[] = []
  const words = (piece: string): void => {
    if (piece === '') return
    const stray = piece.indexOf('}}')
    parts.push(stray < 0 ? { words: piece } : { broken: piece, near: piece.slice(Math.max(0, stray - 20), stray + 2), why: 'has no {{ before it' })
  }
  let at = 0
  for (;;) {
    const open = text.indexOf('{{', at)
    if (open < 0) break
    words(text.slice(at, open))
    const close = text.indexOf('}}', open)
    if (close < 0) {
      parts.push({ broken: text.slice(open), near: text.slice(open, open + 24), why: 'is not closed with }}' })
      return parts
    }
    const name = text.slice(open + 2, close).trim()
    if (VARIABLE_NAME.test(name)) parts.push({ name })
    else
      parts.push({
        broken: text.slice(open, close + 2),
        near: text.slice(open, Math.min(close + 2, open + 40)),
        why: name === '' ? 'names no variable' : 'is not a name of small letters, digits and _',
      })
    at = close + 2
  }
  words(text.slice(at))
  return parts
}

/** Names of the variables in a text, in order, each once. */
export function namesIn(text: string): string[] {
  if (!text.includes('{{')) return []
  return [...new Set(partsOf(text).flatMap((part) => ('name' in part ? [part.name] : [])))]
}

/**
 * Puts values in. A value is never read again: `{{x}}` inside of one stays what it is.
 * `lookUp` is also told the written words before the variable, for texts in which the place decides how a value is written.
 */
export function fillText(text: string, lookUp: (name: string, before: string) => string): string {
  if (!text.includes('{{')) return text
  let before = ''
  let filled = ''
  for (const part of partsOf(text)) {
    const written = 'words' in part ? part.words : 'broken' in part ? part.broken : ''
    before += written
    filled += 'name' in part ? lookUp(part.name, before) : written
  }
  return filled
}
