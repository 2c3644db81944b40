import { fillMenu } from './fill'
import { roomFor } from './given'
import { LIMITS } from './limits'
import type { MenuSpec, Row } from './menu'
import { checkRules } from './rules'
import { readMenu } from './shape'
import { variablesIn } from './variables'
import { isBlank } from './wording'

/** A menu whose structure was read and judged once. */
export interface Compiled {
  /**
   * Puts values in and checks what depends on them: that they are there, that every text is short enough, that no two options are alike.
   * Null when anything is out of the ordinary: then `render` looks at it closely, and says what is wrong if something is.
   */
  fill(variables: unknown): Filled | null
}
export interface Filled {
  /** One of the drawings that the menu was compiled for, by its place. */
  write(drawing: number): string
}
/** Writes a menu with its variables filled in: as `json`, or as bare words. */
export interface Drawing {
  as: 'json' | 'words'
  of(menu: MenuSpec): string
}

/**
 * Prepares a published menu for being sent many times. It is filled in, checked and drawn once with marks in place of values, by the same code that does
 * it for real values, and what comes out is cut at the marks: so there is no second description of a message that could differ from the first.
 * Null when that cannot be done, as for a phone number that is a variable: such a menu is rendered each time. `alsoKnown` as for `render`.
 */
export function compile(menu: MenuSpec, alsoKnown: readonly string[], drawings: readonly Drawing[]): Compiled | null {
  const { menu: readable, faults } = readMenu(menu)
  if (readable === null || faults.length > 0 || holdsMarks(JSON.stringify(readable))) return null
  const scopes = scopesOf(readable, alsoKnown)
  const marked = fillMenu(readable, {
    value: (name) => markOf(0, scopes.top.at(name)),
    items: (array) => [(name) => markOf(...scopes.item(array, name))],
  })
  const texts = judged(marked)
  if (texts === null) return null
  const repeated = repeatedRows(readable, marked)
  if (repeated.some(({ scope }) => scope === 0)) return null
  const sheets = drawings.map((drawing) => sheetOf(drawing, marked, repeated))
  if (sheets.includes(null)) return null
  const judge = createJudge(marked, texts, repeated)
  return {
    fill(variables) {
      const values = scopes.read(variables)
      if (values === null || !judge(values)) return null
      return { write: (drawing) => write(sheets[drawing] as Sheet, values) }
    },
  }
}

// ------------------------------------------------------------------------------------------------ marks

/** Of Unicode's private use: neither JSON nor a percent-encoder takes such a mark apart. */
const MARK = '\uE000'
const ENCODED_MARK = encodeURIComponent(MARK)
const MARKED = new RegExp(`${MARK}(\\d+)_(\\d+)${MARK}|${ENCODED_MARK}(\\d+)_(\\d+)${ENCODED_MARK}`, 'g')
const markOf = (scope: number, at: number): string => `${MARK}${scope}_${at}${MARK}`
const holdsMarks = (text: string): boolean => text.includes(MARK) || text.includes(ENCODED_MARK)

/** A text cut at its marks: words, value, words, value, …, words. */
interface Pattern {
  words: string[]
  values: { at: number; encoded: boolean }[]
  /** 0: the menu's own variables; above: those of the items of an array. */
  scope: number
}
function patternOf(text: string): Pattern {
  const pattern: Pattern = { words: [], values: [], scope: 0 }
  let from = 0
  for (const found of text.matchAll(MARKED)) {
    pattern.words.push(text.slice(from, found.index))
    pattern.values.push({ at: Number(found[2] ?? found[4]), encoded: found[1] === undefined })
    pattern.scope = Math.max(pattern.scope, Number(found[1] ?? found[3]))
    from = found.index + found[0].length
  }
  pattern.words.push(text.slice(from))
  return pattern
}

/** One value in the forms in which it is written. */
interface Value {
  plain: string
  json: string
  /** Percent-encoded; null until it is needed. */
  encoded: string | null
}
const ESCAPED = /["\\\p{Cc}]/u
function formsOf(given: unknown): Value | null {
  if (typeof given === 'number') return Number.isFinite(given) ? { plain: String(given), json: String(given), encoded: null } : null
  // Half a surrogate pair and the zero byte are mended where everything is looked at closely.
  if (typeof given !== 'string' || !given.isWellFormed() || given.includes('\u0000')) return null
  return { plain: given, json: ESCAPED.test(given) ? JSON.stringify(given).slice(1, -1) : given, encoded: null }
}
function encodedOf(value: Value): string {
  value.encoded ??= encodeURIComponent(value.plain)
  return value.encoded
}

function put(pattern: Pattern, values: readonly Value[], as: Drawing['as']): string {
  let text = pattern.words[0] as string
  for (let nth = 0; nth < pattern.values.length; nth++) {
    const { at, encoded } = pattern.values[nth] as { at: number; encoded: boolean }
    const value = values[at] as Value
    text += (encoded ? encodedOf(value) : as === 'json' ? value.json : value.plain) + (pattern.words[nth + 1] as string)
  }
  return text
}

// ------------------------------------------------------------------------------------------------ values

/** Values by scope: the first of `top`, and for each array its items. */
interface Values {
  top: Value[]
  items: Value[][][]
}

function scopesOf(menu: MenuSpec, alsoKnown: readonly string[]) {
  const { scalars, arrays } = variablesIn(menu)
  const declared = menu.variables ?? {}
  const known = new Set([...scalars, ...Object.keys(arrays), ...Object.keys(declared), ...alsoKnown])
  const defaultOf = (name: string): Value | null => (Object.hasOwn(declared, name) ? formsOf(declared[name]?.default) : null)
  const top = places(scalars)
  const lists = Object.entries(arrays).map(([name, fields]) => ({
    name,
    places: places(fields),
    defaults: fields.map((field) => (top.known(field) ? null : defaultOf(field))),
    room: roomFor(menu, name),
  }))
  const scopeOf = new Map(lists.map(({ name }, at) => [name, at]))
  const defaults = scalars.map(defaultOf)
  // A field that is given beside the items counts for those that have none of their own: seldom enough to be looked at closely.
  const ofItems = new Set(lists.flatMap(({ places: { names } }) => names).filter((name) => !top.known(name)))

  const read = (given: unknown): Values | null => {
    const own = given ?? {}
    if (typeof own !== 'object' || Array.isArray(own)) return null
    const values = [...defaults]
    const items: Value[][][] = []
    for (const name of Object.keys(own)) {
      const one = (own as Record<string, unknown>)[name]
      if (one === undefined || one === null) continue
      const scope = scopeOf.get(name)
      if (top.known(name)) values[top.at(name)] = formsOf(one)
      else if (scope !== undefined) {
        const rows = rowsOf(lists[scope] as (typeof lists)[number], one)
        if (rows === null) return null
        items[scope] = rows
      } else if (!known.has(name) || ofItems.has(name)) return null
    }
    for (const value of values) if (value === null) return null
    for (let at = 0; at < lists.length; at++) if (items[at] === undefined) return null
    return { top: values as Value[], items }
  }

  const rowsOf = (list: (typeof lists)[number], given: unknown): Value[][] | null => {
    if (!Array.isArray(given) || given.length === 0 || given.length > list.room) return null
    const rows: Value[][] = []
    for (let nth = 0; nth < given.length; nth++) {
      const item: unknown = given[nth]
      if (typeof item !== 'object' || item === null || Array.isArray(item)) return null
      const values = [...list.defaults]
      for (const name of Object.keys(item)) {
        if (!list.places.known(name)) continue
        const one = (item as Record<string, unknown>)[name]
        if (one !== undefined && one !== null) values[list.places.at(name)] = formsOf(one)
      }
      for (const value of values) if (value === null) return null
      rows.push(values as Value[])
    }
    return rows
  }
  const item = (array: string, name: string): [number, number] => {
    const scope = scopeOf.get(array) ?? 0
    return [scope + 1, lists[scope]?.places.at(name) ?? 0]
  }
  return { top, item, read }
}

function places(names: readonly string[]) {
  const byName = new Map(names.map((name, at) => [name, at]))
  return { names, known: (name: string) => byName.has(name), at: (name: string): number => byName.get(name) ?? 0 }
}

// ------------------------------------------------------------------------------------------------ judging

/** What a text with marks must keep to. */
interface Bounds extends Pattern {
  limit: number
  /** Its own words are never blank, whatever the values are. */
  solid: boolean
  /** UTF-16 units of its own words; never fewer than code points. */
  length: number
  optional: boolean
}

/**
 * The rules as they are, on the marked menu: which texts with marks have which limit. Null when something else is wrong with it. (No host name may hold
 * a mark, so a value that could say where an address leads is found here.)
 */
function judged(marked: MenuSpec): Bounds[] | null {
  const texts: Bounds[] = []
  let wrong = false
  const report = (): void => {
    wrong = true
  }
  checkRules(marked, report, true, (_path, _thing, text, limit, need = 'needed') => {
    const pattern = patternOf(text ?? '')
    const words = pattern.words.join('')
    const length = words.length
    if (pattern.values.length === 0) {
      if ((need === 'needed' && isBlank(text)) || length > limit) wrong = true
    } else texts.push({ ...pattern, limit, length, solid: !isBlank(words), optional: need === 'optional' })
  })
  return wrong ? null : texts
}

type Judge = (values: Values) => boolean
function createJudge(marked: MenuSpec, texts: readonly Bounds[], repeated: readonly Repeated[]): Judge {
  const own = texts.filter(({ scope }) => scope === 0)
  const ofItems = texts.filter(({ scope }) => scope > 0)
  const alike = groupsOf(marked).filter((group) => group.some(({ values }) => values.length > 0))
  const written = marked.type === 'list' ? marked.sections.reduce((sum, { rows = [] }) => sum + rows.length, 0) - repeated.length : 0
  return (values) => {
    for (const text of own) if (!isWithin(text, values.top)) return false
    for (const text of ofItems) for (const item of values.items[text.scope - 1] as Value[][]) if (!isWithin(text, item)) return false
    let rows = written
    for (const { scope } of repeated) rows += values.items[scope - 1]?.length ?? 0
    return rows <= LIMITS.rows && alike.every((group) => differ(group, values))
  }
}

function isWithin(text: Bounds, values: readonly Value[]): boolean {
  let length = text.length
  let solid = text.solid
  for (const { at, encoded } of text.values) {
    const value = values[at] as Value
    const words = encoded ? encodedOf(value) : value.plain
    length += words.length
    solid ||= startsSolid(words)
  }
  // An item without words for its description is a row without one. Any other text that is blank is looked at closely.
  return length <= text.limit && (solid || (text.optional && text.scope > 0))
}
/** Begins with a letter, a digit or a sign of ASCII: surely not blank. Others are looked at. */
function startsSolid(text: string): boolean {
  const first = text.charCodeAt(0)
  return (first > 0x20 && first < 0x7f) || !isBlank(text)
}

/** Texts of which no two may be the same: what `checkTwins` is asked about. Ids may not begin or end with a space either. */
function groupsOf(menu: MenuSpec): Pattern[][] {
  if (menu.type === 'button') return [menu.buttons.map(({ id }) => patternOf(id)), menu.buttons.map(({ title }) => patternOf(title))]
  if (menu.type === 'cta_url') return [menu.buttons.map(({ title }) => patternOf(title))]
  if (menu.type === 'list') return [menu.sections.flatMap(({ rows = [] }) => rows.map(({ id }) => patternOf(id)))]
  return []
}
function differ(group: readonly Pattern[], values: Values): boolean {
  const seen = new Set<string>()
  let count = 0
  const see = (pattern: Pattern, scope: readonly Value[]): boolean => {
    const text = put(pattern, scope, 'words')
    count++
    seen.add(text)
    return text === text.trim()
  }
  for (const pattern of group) {
    if (pattern.scope === 0) {
      if (!see(pattern, values.top)) return false
    } else for (const item of values.items[pattern.scope - 1] as Value[][]) if (!see(pattern, item)) return false
  }
  return seen.size === count
}

// ------------------------------------------------------------------------------------------------ writing

/** A row that is written once for each item of an array, where it stands in order. */
interface Repeated {
  scope: number
  row: Row
}
function repeatedRows(menu: MenuSpec, marked: MenuSpec): Repeated[] {
  if (menu.type !== 'list' || marked.type !== 'list') return []
  return menu.sections.flatMap((section, at) => {
    const row = marked.sections[at]?.rows?.[0]
    return section.each === undefined || !section.row || !row ? [] : [{ row, scope: patternOf(JSON.stringify(row)).scope }]
  })
}

/** A drawing cut into what is written once and the rows between. */
interface Sheet {
  as: Drawing['as']
  once: Pattern[]
  rows: { full: Pattern /** Without a description, for an item that has no words for it. */; bare: Pattern; description: Pattern }[]
}
function sheetOf({ as, of }: Drawing, marked: MenuSpec, repeated: readonly Repeated[]): Sheet | null {
  const drawn = of(marked)
  const sheet: Sheet = { as, once: [], rows: [] }
  let from = 0
  if (as === 'json')
    for (const { row } of repeated) {
      const full = JSON.stringify(row)
      const at = drawn.indexOf(full, from)
      if (at < 0) return null
      sheet.once.push(patternOf(drawn.slice(from, at)))
      const { description = '', ...bare } = row
      sheet.rows.push({ full: patternOf(full), bare: patternOf(JSON.stringify(bare)), description: patternOf(description) })
      from = at + full.length
    }
  sheet.once.push(patternOf(drawn.slice(from)))
  return sheet.once.every(({ scope }) => scope === 0) ? sheet : null
}

function write({ as, once, rows }: Sheet, values: Values): string {
  let text = put(once[0] as Pattern, values.top, as)
  for (let nth = 0; nth < rows.length; nth++) {
    const { full, bare, description } = rows[nth] as Sheet['rows'][number]
    const items = values.items[full.scope - 1] as Value[][]
    for (let at = 0; at < items.length; at++) {
      const item = items[at] as Value[]
      if (at > 0) text += ','
      text += put(put(description, item, 'words').trim() === '' ? bare : full, item, as)
    }
    text += put(once[nth + 1] as Pattern, values.top, as)
  }
  return text
}
