import { type WaCode, WaError } from '../errors'
import { type About, collectFaults, firstOf, sentences, shown } from './fault'
import type { Values } from './fill'
import { LIMITS } from './limits'
import type { MenuSpec, Section } from './menu'
import { suggest } from './suggest'
import { variablesIn } from './variables'

/**
 * What code gave for a menu's variables, with defaults for the rest. Throws WA_VARIABLE_MISSING (also for values that are no text),
 * WA_VARIABLE_UNKNOWN or WA_MENU_LIMIT (too many rows), always with every fault.
 * `alsoKnown`: variables that the menu was declared with; staff may have dropped them from the words.
 */
export function valuesFrom(menu: MenuSpec, given: unknown, alsoKnown: readonly string[] = []): Values {
  const { scalars, arrays } = variablesIn(menu)
  const declared = menu.variables ?? {}
  const { faults, report } = collectFaults()
  const codes = new Set<WaCode>()
  const wrong: Wrong = (code, path, what, about) => {
    codes.add(code)
    report(path, what, about)
  }
  const own = ownFields(given ?? {})
  if (own === null)
    wrong('WA_VARIABLE_MISSING', 'variables', `variables is ${shown(given)}; it must be an object.`, { actual: shown(given), fix: 'Pass { name: value }.' })
  const values = own ?? new Map<string, unknown>()
  checkNames([...values.keys()], [...new Set([...scalars, ...Object.keys(arrays), ...Object.keys(declared), ...alsoKnown])], wrong)

  const lookUp = (name: string): unknown => values.get(name) ?? (Object.hasOwn(declared, name) ? declared[name]?.default : undefined)
  const texts = textsOf(scalars, lookUp, 'variables', wrong)
  const items = new Map(Object.entries(arrays).map(([array, fields]) => [array, itemsOf(menu, array, fields, values.get(array), lookUp, wrong)]))
  if (faults.length > 0) {
    const code = (['WA_VARIABLE_MISSING', 'WA_VARIABLE_UNKNOWN'] as const).find((one) => codes.has(one)) ?? 'WA_MENU_LIMIT'
    throw new WaError(code, `Menu "${menu.key}": ${sentences(faults)}`, faults)
  }
  return { value: texts, items: (array) => items.get(array) ?? [] }
}

type Wrong = (code: WaCode, path: string, what: string, about: About) => void
type Lookup = (name: string) => string

function checkNames(names: readonly string[], known: readonly string[], wrong: Wrong): void {
  for (const name of names) {
    if (known.includes(name)) continue
    const near = suggest(name, known)
    const fix = near ? `Did you mean "${near}"?` : known.length > 0 ? `Known: ${known.join(', ')}.` : 'It has no variables; pass none.'
    wrong('WA_VARIABLE_UNKNOWN', `variables.${name.slice(0, 60)}`, `The menu has no variable ${shown(name)}.`, {
      actual: name.slice(0, 60),
      limit: known.join(' | '),
      fix,
    })
  }
}

/** The texts of these variables; a fault for each that has none. */
function textsOf(names: readonly string[], lookUp: (name: string) => unknown, path: string, wrong: Wrong): Lookup {
  const texts = new Map<string, string>()
  for (const name of names) {
    const value = lookUp(name)
    if (typeof value === 'string') texts.set(name, clean(value))
    else if (typeof value === 'number' && Number.isFinite(value)) texts.set(name, String(value))
    else if (value === undefined)
      wrong('WA_VARIABLE_MISSING', `${path}.${name}`, `The variable ${shown(name)} has no value.`, {
        limit: 'text | number',
        fix: `Pass ${name}, or give it a default.`,
      })
    else
      wrong('WA_VARIABLE_MISSING', `${path}.${name}`, `The variable ${shown(name)} is ${shown(value)}; it must be a text or a number.`, {
        actual: shown(value),
        limit: 'text | number',
        fix: 'Make it a text first.',
      })
  }
  return (name) => texts.get(name) ?? ''
}

function itemsOf(menu: MenuSpec, array: string, fields: readonly string[], given: unknown, lookUp: (name: string) => unknown, wrong: Wrong): Lookup[] {
  const path = `variables.${array}`
  const wanted = `{ ${fields.join(', ')} }`
  if (!Array.isArray(given)) {
    wrong(
      'WA_VARIABLE_MISSING',
      path,
      given === undefined
        ? `The variable ${shown(array)} has no value; rows are made from it.`
        : `The variable ${shown(array)} is ${shown(given)}; it must be an array, one item a row.`,
      { actual: shown(given), limit: 'array', fix: `Pass ${array}: [${wanted}].` },
    )
    return []
  }
  const room = roomFor(menu, array)
  if (given.length > room) {
    wrong('WA_MENU_LIMIT', path, `The variable ${shown(array)} has ${given.length} items; the list has room for ${room} of them.`, {
      actual: given.length,
      limit: room,
      fix: `Pass at most ${room}, and a row for the rest.`,
    })
  }
  if (given.length === 0 && sectionsOf(menu, array).some((section) => section.empty === undefined && (section.rows ?? []).length === 0)) {
    const fix = 'Say something else then, or give the section "empty", the title of a row for that case.'
    wrong('WA_MENU_LIMIT', path, `The variable ${shown(array)} is empty, so a section would have no rows.`, { actual: 0, limit: `1…${room}`, fix })
  }
  return firstOf(given, room).map((item, index) => {
    const own = ownFields(item)
    if (own !== null) return textsOf(fields, (name) => own.get(name) ?? lookUp(name), `${path}[${index}]`, wrong)
    wrong('WA_VARIABLE_MISSING', `${path}[${index}]`, `Item ${index + 1} of ${shown(array)} is ${shown(item)}; it must be an object.`, {
      actual: shown(item),
      fix: `Pass ${wanted}.`,
    })
    return () => ''
  })
}

/** Own fields that have a value; null for what is no object. A name such as "constructor" finds nothing that was not given. */
function ownFields(given: unknown): Map<string, unknown> | null {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return null
  return new Map(Object.entries(given).filter(([, value]) => value !== undefined && value !== null))
}

/** Text that every database stores and every wire carries. */
const clean = (text: string): string => text.toWellFormed().replaceAll('\u0000', '\uFFFD')

const sectionsOf = (menu: MenuSpec, array: string): Section[] => (menu.type === 'list' ? menu.sections.filter((section) => section.each === array) : [])

/** Rows that are left for an array beside those that are written out. */
export function roomFor(menu: MenuSpec, array: string): number {
  if (menu.type !== 'list') return 0
  const written = menu.sections.reduce((sum, section) => sum + (section.rows?.length ?? 0), 0)
  return Math.max(0, Math.floor((LIMITS.rows - written) / Math.max(1, sectionsOf(menu, array).length)))
}
