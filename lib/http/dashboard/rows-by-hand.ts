import type { Fault } from '../../errors'
import { roomFor } from '../../model/given'
import { codePoints, LIMITS } from '../../model/limits'
import type { MenuSpec, Row } from '../../model/menu'
import { fillText, namesIn } from '../../model/placeholder'
import { variablesIn } from '../../model/variables'
import { isBlank } from '../../model/wording'
import type { Say } from '../words/say'
import { fieldOf } from './asked'

/** What one row is made from: its fields by name; what is not written is ''. */
export type Item = Readonly<Record<string, string>>
/** For each list of which rows are made, its items as they stand in a form, blank ones too: at least one, and it may be blank. */
export type Items = Readonly<Record<string, readonly Item[]>>

/** One list of items, to be written. */
export interface Table {
  name: string
  /** How many rows the menu has room for. */
  room: number
  full: boolean
  rows: readonly TableRow[]
  fault: string | null
}
interface TableRow {
  fields: readonly { name: string; field: string; value: string; sample: string; unseen: boolean; wrong: boolean }[]
  note: Note
}
/** What is said of one row: how long its texts become, and what is wrong with them. */
export interface Note {
  element: string
  counters: readonly { words: string; length: 'ok' | 'near' | 'over' }[]
  faults: readonly string[]
}

const FIELD = /^r\.([a-z_][a-z0-9_]*)\.(\d{1,2})\.([a-z_][a-z0-9_]*)$/

/** The items that a form brings; fields that the menu does not have are nobody's. */
export function itemsIn(form: Record<string, unknown>, spec: MenuSpec): Items {
  const given = new Map<string, Map<number, Record<string, string>>>()
  for (const name of Object.keys(form)) {
    const [, list = '', at = '', field = ''] = FIELD.exec(name) ?? []
    const rows = given.get(list) ?? new Map<number, Record<string, string>>()
    given.set(list, rows.set(Number(at), { ...rows.get(Number(at)), [field]: fieldOf(form, name).trim() }))
  }
  return eachList(spec, (list, fields) => {
    const rows = [...(given.get(list) ?? [])].sort(([a], [b]) => a - b)
    return atLeastOne(
      rows.map(([, row]) => Object.fromEntries(fields.map((field) => [field, row[field] ?? '']))),
      fields,
    )
  })
}

/** `add:slots` and `remove:slots:1`, as the buttons of the form say it. */
export function changedItems(items: Items, spec: MenuSpec, asked: string): Items {
  const [what, name, at] = asked.split(':')
  return eachList(spec, (list, fields) => {
    const rows = items[list] ?? []
    if (list !== name) return rows
    if (what === 'add' && rows.length < roomFor(spec, list)) return [...rows, blank(fields)]
    if (what === 'remove')
      return atLeastOne(
        rows.filter((_, index) => index !== Number(at)),
        fields,
      )
    return rows
  })
}

const eachList = (spec: MenuSpec, make: (list: string, fields: readonly string[]) => readonly Item[]): Items =>
  Object.fromEntries(Object.entries(variablesIn(spec).arrays).map(([list, fields]) => [list, make(list, fields)]))
const blank = (fields: readonly string[]): Item => Object.fromEntries(fields.map((field) => [field, '']))
const atLeastOne = (rows: readonly Item[], fields: readonly string[]): readonly Item[] => (rows.length === 0 ? [blank(fields)] : rows)

const isWritten = (item: Item): boolean => Object.values(item).some((words) => words !== '')

/** The items as they are sent: without blank ones, and without what is not written in them. */
export const sentItems = (items: Items): Record<string, Item[]> =>
  Object.fromEntries(
    Object.entries(items).map(([list, rows]) => [
      list,
      rows.filter(isWritten).map((row) => Object.fromEntries(Object.entries(row).filter(([, words]) => words !== ''))),
    ]),
  )

/** What is drawn: what would be sent, or one row of samples while a menu that needs a row has none. */
export function drawnItems(items: Items, spec: MenuSpec): Record<string, Item[]> {
  const sent = sentItems(items)
  return Object.fromEntries(Object.entries(sent).filter(([list, rows]) => rows.length > 0 || mayBeEmpty(spec, list)))
}
const sectionsWith = (spec: MenuSpec, list: string) =>
  spec.type === 'list' ? spec.sections.flatMap((section, at) => (section.each === list && section.row ? [{ ...section, at, row: section.row }] : [])) : []
const mayBeEmpty = (spec: MenuSpec, list: string): boolean =>
  sectionsWith(spec, list).every((section) => section.empty !== undefined || (section.rows ?? []).length > 0)

/** Where something may be wrong: in which row of the form, and in which of its fields. `missing`: that one has no words. */
interface Place {
  list: string
  at: number
  fields: readonly string[]
  missing: boolean
}
const PARTS = [
  ['title', LIMITS.rowTitle],
  ['description', LIMITS.rowDescription],
  ['id', LIMITS.rowId],
] as const

/** Faults by where they are said: they name rows as they are sent, and blank ones are not. */
function placesOf(spec: MenuSpec, items: Items): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>()
  for (const [list, rows] of Object.entries(items)) {
    const written = [...rows.keys()].filter((at) => isWritten(rows[at] as Item))
    for (const [sent, at] of written.entries()) {
      for (const field of Object.keys(rows[at] as Item)) places.set(`variables.${list}[${sent}].${field}`, { list, at, fields: [field], missing: true })
      for (const section of sectionsWith(spec, list))
        for (const [part] of PARTS)
          places.set(`sections[${section.at}].rows[${sent}].${part}`, { list, at, fields: namesIn(section.row[part] ?? ''), missing: false })
    }
  }
  return places
}

/** Whether a fault is said beside the rows, so that it need not be said again. */
export function saidBeside(spec: MenuSpec, items: Items): (fault: Fault) => boolean {
  const places = placesOf(spec, items)
  return ({ path }) => places.has(path) || Object.keys(items).some((list) => path === `variables.${list}`)
}

/** The form for a menu's lists. `texts`: what was written for its other variables, which a row may hold too. */
export function tablesOf(spec: MenuSpec, items: Items, texts: Readonly<Record<string, string>>, faults: readonly Fault[], t: Say): Table[] {
  const places = placesOf(spec, items)
  const found = faults.flatMap((fault) => {
    const place = places.get(fault.path)
    return place ? [{ ...place, words: place.missing ? t('{name} is missing.', { name: place.fields.join() }) : t.said(fault.message) }] : []
  })
  /** What stands for a variable of a row that its item does not give. */
  const otherwise = (name: string): string => (Object.hasOwn(texts, name) ? texts[name] : undefined) ?? String(known(spec, name)?.default ?? '')
  return Object.entries(items).map(([name, rows]) => {
    const patterns = sectionsWith(spec, name).map((section) => section.row)
    const seen = new Set(patterns.flatMap(({ title, description = '' }) => [...namesIn(title), ...namesIn(description)]))
    const room = roomFor(spec, name)
    const whole = faults.find((fault) => fault.path === `variables.${name}`)
    return {
      name,
      room,
      full: rows.length >= room,
      fault: whole === undefined ? null : rows.some(isWritten) ? t.said(whole.message) : t('Write at least one row.'),
      rows: rows.map((row, at) => {
        const wrong = found.filter((one) => one.list === name && one.at === at)
        return {
          note: {
            element: `note-${name}-${at}`,
            counters: patterns[0] && isWritten(row) ? countersOf(patterns[0], (field) => row[field] || otherwise(field), t) : [],
            faults: [...new Set(wrong.map((one) => one.words))],
          },
          fields: Object.entries(row).map(([field, value]) => ({
            name: field,
            field: `r.${name}.${at}.${field}`,
            value,
            sample: otherwise(field) || String(known(spec, field)?.sample ?? ''),
            unseen: !seen.has(field),
            wrong: wrong.some((one) => one.fields.includes(field)),
          })),
        }
      }),
    }
  })
}

const known = ({ variables }: MenuSpec, name: string) => (variables && Object.hasOwn(variables, name) ? variables[name] : undefined)

/** Of the id, which no customer sees, only that it is too long. */
const countersOf = (pattern: Row, wordsOf: (name: string) => string, t: Say): Note['counters'] =>
  PARTS.flatMap(([part, limit]) => {
    const text = fillText(pattern[part] ?? '', wordsOf)
    const n = codePoints(text)
    if (isBlank(text) || (part === 'id' && n <= limit)) return []
    const words = {
      title: t('Title {n}/{limit}', { n, limit }),
      description: t('Description {n}/{limit}', { n, limit }),
      id: t('Id {n}/{limit}', { n, limit }),
    }
    return [{ words: words[part], length: n > limit ? 'over' : n < limit * 0.9 ? 'ok' : 'near' } as const]
  })
