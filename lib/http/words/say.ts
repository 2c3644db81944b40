/**
 * How pages speak. The English sentence is the key; English itself has no file.
 *
 * To add a string: write `t('Publish version {n}', { n })` in a view, `x.t(…)` in a route, and put the Hindi beside it in `hi/<page>.ts`
 * under the same key with the same `{names}`; `test/dashboard/words.test.ts` names what is missing. A whole sentence each time, never halves
 * put together. Counted things: `t.n('{n} menu', '{n} menus', count)`; the key is the second form. Markup inside a sentence: `t.parts(…)`.
 * A table that is written before anybody asks marks its words with `english('…')`, and who shows them calls `t(…)`. What the model, a provider
 * or an error says arrives as finished English: show it with `t.said(…)`; its patterns are in `hi/model.ts`, `hi/errors.ts` and `hi/codes.ts`.
 * Numbers are written as numbers of the language; ids are no numbers: pass `String(id)`.
 */

/** The forms of a counted sentence, by the categories of `Intl.PluralRules`. */
export type Forms = { readonly [form in Intl.LDMLPluralRule]?: string } & { readonly other: string }
/** English sentences and what they are in another language. */
export type Words = Readonly<Record<string, string | Forms>>
/** What somebody gave as words is such. */
export const isWords = (value: unknown): value is Words =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every(
    (one) =>
      typeof one === 'string' || (typeof one === 'object' && typeof one?.other === 'string' && Object.values(one).every((form) => typeof form === 'string')),
  )

/** What stands in the `{names}` of a sentence. */
export type Values = Readonly<Record<string, string | number>>
/** A piece of a sentence: words, or the place of a value. */
export interface Part {
  text: string
  /** Which value stands here; null for words. */
  name: string | null
}

export interface Say {
  (english: string, values?: Values): string
  /** A counted sentence: `t.n('{n} menu', '{n} menus', 3)`. */
  n(one: string, other: string, n: number, values?: Values): string
  /** A sentence taken apart at its values, for those that are links or code. */
  parts(english: string, values?: Values): readonly Part[]
  /** A sentence that was finished elsewhere in English: by the model, a provider, an error. What nobody translated stays as it is. */
  said(sentence: string): string
  number(value: number): string
  /** `a, b and c` */
  list(items: readonly string[]): string
  /** For `Intl`: what dates and numbers are written in. */
  readonly locale: string
  /** For `lang` and `dir` of a page. */
  readonly language: string
  readonly dir: 'ltr' | 'rtl'
}

/** What a language is made of. `said`: patterns of sentences that are finished elsewhere. */
export interface Catalogue {
  readonly words: Words
  readonly said: Words
}

/** Marks a sentence of the catalogue that is said later. */
export const english = <const Sentence extends string>(sentence: Sentence): Sentence => sentence

const MOST_SMALL = 1000
const RIGHT_TO_LEFT = ['ar', 'dv', 'fa', 'he', 'ps', 'sd', 'ug', 'ur', 'yi']

/** `tag`: a valid BCP 47 tag. Later catalogues win. */
export function speak(tag: string, catalogues: readonly Catalogue[]): Say {
  const [language = tag] = tag.split('-')
  // Plain English means that of most of the world: the day before the month, 24 hours.
  const locale = tag === 'en' ? 'en-GB' : tag
  const dir = RIGHT_TO_LEFT.includes(language) ? 'rtl' : 'ltr'
  const words = new Map(catalogues.flatMap((one) => [...Object.entries(one.said), ...Object.entries(one.words)]))
  const numbers = new Intl.NumberFormat(locale)
  const plurals = new Intl.PluralRules(locale)
  const lists = new Intl.ListFormat(locale, { type: 'conjunction' })

  /** Small numbers are written with every line of a list. */
  const small: string[] = []
  const written = (value: number): string => {
    if (!(Number.isInteger(value) && value > 0 && value < MOST_SMALL)) return numbers.format(value)
    small[value] ??= numbers.format(value)
    return small[value]
  }
  const wordsFor = (english: string): string => otherOf(words.get(english)) ?? english
  /** Names and numbers from elsewhere must not turn the sentence around them. */
  const shown = (value: string | number): string => {
    const text = typeof value === 'number' ? written(value) : value
    return dir === 'rtl' && text !== '' ? `\u2068${text}\u2069` : text
  }
  const filled = (sentence: string, values: Values): string => {
    if (!sentence.includes('{')) return sentence
    let said = ''
    for (const { name, text } of partsOf(sentence)) said += name !== null && Object.hasOwn(values, name) ? shown(values[name] as string) : text
    return said
  }
  const t = (english: string, values: Values = {}): string => filled(wordsFor(english), values)
  return Object.assign(t, {
    n(one: string, other: string, n: number, values: Values = {}): string {
      const known = words.get(other)
      const sentence = typeof known === 'object' ? (known[plurals.select(n)] ?? known.other) : (known ?? (n === 1 ? one : other))
      return filled(sentence, { n, ...values })
    },
    parts: (english: string, values: Values = {}): Part[] =>
      partsOf(wordsFor(english)).map((part) =>
        part.name !== null && Object.hasOwn(values, part.name) ? { name: part.name, text: shown(values[part.name] as string) } : part,
      ),
    said: hearer(words, catalogues, filled),
    number: written,
    list: (items: readonly string[]) => lists.format(items),
    locale,
    language: tag,
    dir,
  } as const)
}

const otherOf = (known: string | Forms | undefined): string | undefined => (typeof known === 'object' ? known.other : known)

/** Sentences that were taken apart: those of the pages come again with every row. */
const apart = new Map<string, readonly Part[]>()
const MOST_APART = 5000

/** `{name}` is a value; `{{name}}` are the words of a variable of a menu; `{{{name}}}` is a value between such braces. */
export function partsOf(sentence: string): readonly Part[] {
  const known = apart.get(sentence)
  if (known) return known
  const parts = takeApart(sentence)
  if (apart.size < MOST_APART) apart.set(sentence, parts)
  return parts
}

function takeApart(sentence: string): Part[] {
  return sentence
    .split(/(\{\{\{\w+\}\}\}|\{\{\w*\}\}|\{\w+\})/)
    .filter((text) => text !== '')
    .flatMap((text): Part[] => {
      const name = /^(?:\{\{)?\{(\w+)\}(?:\}\})?$/.exec(text)?.[1]
      if (name === undefined || /^\{\{\w+\}\}$/.test(text)) return [{ text, name: null }]
      const value = { text: `{${name}}`, name }
      return text.startsWith('{{{') ? [{ text: '{{', name: null }, value, { text: '}}', name: null }] : [value]
    })
}

/** Sentences that are remembered: pages ask for the same ones again and again, and they hold strangers' words. */
const REMEMBERED = 1000
/** A value within a value: `section 2, row 3 title`. */
const DEEPEST = 4
const LONGEST = 4000
const MOST = 40
/** As many sentences as one pattern may have, and some more in what it quotes. */
const TOGETHER = 6

function hearer(words: ReadonlyMap<string, string | Forms>, catalogues: readonly Catalogue[], fill: (sentence: string, values: Values) => string) {
  let patterns: Pattern[] | null = null
  const exactly = (sentence: string): string | undefined => otherOf(words.get(sentence) ?? words.get(lower(sentence)))
  const translate = (sentence: string, depth = 0): string | null => {
    const exact = exactly(sentence)
    if (exact !== undefined) return exact
    patterns ??= patternsOf(catalogues)
    for (const pattern of patterns) {
      // Names of fields are patterns too, but a whole sentence is no name.
      const values = depth === 0 && pattern.isName ? null : matchOf(pattern, sentence)
      if (values === null) continue
      // What stands in quotes is somebody's own; everything else may be a sentence or a name of ours.
      const inner = (name: string, text: string): string => (pattern.quoted.has(name) || depth === DEEPEST ? text : (translate(text, depth + 1) ?? text))
      return fill(pattern.means, Object.fromEntries([...values].map(([name, text]) => [name, inner(name, text)])))
    }
    return null
  }
  /** Several sentences, one after the other; each is as long as it is known. */
  const translateAll = (text: string): string => {
    // Ours are short; what is longer was written by somebody else.
    const pieces = text.split(/(?<=[.?!:]) (?=[A-Z"“{+[\d])/)
    if (text.length > LONGEST || pieces.length > MOST) return text
    const said: string[] = []
    for (let from = 0, to = Math.min(TOGETHER, pieces.length); from < pieces.length; to--) {
      const sentence = pieces.slice(from, to).join(' ')
      const translated = translate(sentence)
      if (translated === null && to > from + 1) continue
      said.push(translated ?? headed(sentence))
      from = to
      to = Math.min(from + TOGETHER, pieces.length) + 1
    }
    return said.join(' ')
  }
  /** What a provider adds behind our words for its code stays as the provider wrote it. */
  const headed = (sentence: string): string => {
    const colon = sentence.indexOf(': ')
    const head = colon < 0 ? undefined : exactly(sentence.slice(0, colon))
    return head === undefined ? sentence : head + sentence.slice(colon)
  }
  const known = new Map<string, string>()
  return (text: string): string => {
    if (words.size === 0) return text
    const said = known.get(text) ?? translateAll(text)
    if (known.size > REMEMBERED) known.clear()
    known.set(text, said)
    return said
  }
}

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

interface Pattern {
  parts: readonly Part[]
  quoted: ReadonlySet<string>
  means: string
  /** Characters that must be there. */
  weight: number
  /** The longest piece that must be there: most patterns are ruled out by it at once. */
  core: string
  /** So little is fixed that it means something only within a sentence. */
  isName: boolean
}

const LEAST = 8
/** Without its first letter, which may be a capital. */
const coreOf = (parts: readonly Part[]): string =>
  parts.map((part) => (part.name === null ? part.text.slice(1) : '')).reduce((longest, text) => (text.length > longest.length ? text : longest), '')

/** The most particular first. */
function patternsOf(catalogues: readonly Catalogue[]): Pattern[] {
  const patterns = [...catalogues].reverse().flatMap((catalogue) =>
    Object.entries(catalogue.said).flatMap(([english, means]): Pattern[] => {
      const parts = partsOf(english)
      if (parts.every((part) => part.name === null)) return []
      const quoted = parts.filter((part, index) => part.name !== null && /["“{]$/.test(parts[index - 1]?.text ?? ''))
      const weight = parts.reduce((sum, part) => sum + (part.name === null ? part.text.length : 0), 0)
      return [
        {
          parts,
          quoted: new Set(quoted.map((part) => part.name as string)),
          means: typeof means === 'object' ? means.other : means,
          weight,
          core: coreOf(parts),
          isName: weight < LEAST && parts[0]?.name !== null,
        },
      ]
    }),
  )
  return patterns.sort((a, b) => b.weight - a.weight)
}

/** The values of a pattern in a sentence, null when it is another one. Every fixed piece is looked for once, so a long text costs no more than its length. */
function matchOf({ parts, quoted, core }: Pattern, sentence: string): Map<string, string> | null {
  if (!sentence.includes(core)) return null
  const values = new Map<string, string>()
  let at = 0
  let open: string | null = null
  const close = (to: number): boolean => {
    if (open === null) return true
    const value = sentence.slice(at, to)
    values.set(open, value)
    // A value does not reach into the next sentence.
    const fits = quoted.has(open) || (value !== '' && !/[.?!:] ["A-Z]/.test(value))
    open = null
    return fits
  }
  for (const [index, part] of parts.entries()) {
    if (part.name !== null) {
      open = part.name
      continue
    }
    const isLast = index === parts.length - 1
    const found = open === null ? placeOf(sentence, part.text, at) : isLast ? endOf(sentence, part.text, at) : sentence.indexOf(part.text, at)
    if (found < 0 || !close(found)) return null
    at = found + part.text.length
  }
  const end = sentence.length
  return (open === null ? at === end : close(end)) ? values : null
}

/** A name at the beginning of a sentence is written with a capital. */
const placeOf = (sentence: string, piece: string, at: number): number =>
  sentence.startsWith(piece, at) || (at === 0 && lower(sentence).startsWith(lower(piece))) ? at : -1
const endOf = (sentence: string, piece: string, from: number): number =>
  sentence.endsWith(piece) && sentence.length - piece.length >= from ? sentence.length - piece.length : -1
