import { WaError } from '../../../errors'
import { lint, patched } from '../../../model/lint'
import type { MenuSpec, Row, Section } from '../../../model/menu'
import { templateBody, templateValues } from './draft'

/** The menu after one of the editor's buttons; where the cursor goes next, and what happened, for people who cannot see it. */
export interface Rearranged {
  menu: MenuSpec
  /** A field's path, or `up:…`, `down:…` for a button that moves things. */
  land: string | null
  said: string
}

/** Does what a button of the editor says (`declared`: as the code declares the menu): `add:sections[0].rows`, `remove:buttons[1]`, `up:sections[1]`, `place:a>b`, `fix:rule:path`. */
export function rearrange(given: MenuSpec, asked: string, declared: MenuSpec | null = null): Rearranged {
  const menu = structuredClone(given)
  const [verb = '', rest = ''] = [asked.slice(0, asked.indexOf(':')), asked.slice(asked.indexOf(':') + 1)]
  const done = Object.hasOwn(VERBS, verb) ? VERBS[verb as keyof typeof VERBS](menu, rest, declared) : null
  if (done === null) throw new WaError('WA_REQUEST_INVALID', 'The editor has no such button, or what it belonged to is gone. Load the page again.')
  return done
}

type Verb = (menu: MenuSpec, rest: string, declared: MenuSpec | null) => Rearranged | null

const VERBS = {
  add,
  remove,
  up: (menu, path) => step(menu, path, -1),
  down: (menu, path) => step(menu, path, 1),
  place,
  data,
  nodata,
  join,
  drop,
  fix,
} satisfies Record<string, Verb>

/** A list of things that can be moved, and which of them a path names. */
interface Spot {
  list: unknown[]
  at: number
  /** Path of the list. */
  path: string
}

function listAt(menu: MenuSpec, path: string): unknown[] | null {
  if (path === 'buttons' && 'buttons' in menu) return menu.buttons
  if (menu.type !== 'list') return null
  if (path === 'sections') return menu.sections
  const section = menu.sections[Number(/^sections\[(\d+)\]\.rows$/.exec(path)?.[1] ?? Number.NaN)]
  if (!section) return null
  section.rows ??= []
  return section.rows
}

function spotAt(menu: MenuSpec, path: string): Spot | null {
  const found = /^(.*)\[(\d+)\]$/.exec(path)
  const list = found ? listAt(menu, found[1] ?? '') : null
  const at = Number(found?.[2])
  return list && at < list.length ? { list, at, path: found?.[1] ?? '' } : null
}

function add(menu: MenuSpec, path: string): Rearranged | null {
  if (path === 'template.values') {
    const values = valuesOf(menu)
    if (values === null) return null
    const next = withValues(menu, [...values, ''])
    return { menu: next, land: `template.values[${values.length}]`, said: 'Value added.' }
  }
  const list = listAt(menu, path)
  if (list === null) return null
  list.push(path === 'sections' ? { rows: [{ id: '', title: '' }] } : fresh(menu))
  const thing = path === 'sections' ? 'Section' : path === 'buttons' ? 'Button' : 'Row'
  return { menu, land: `${path}[${list.length - 1}].title`, said: `${thing} ${list.length} added.` }
}

const fresh = (menu: MenuSpec): object =>
  menu.type === 'cta_url' ? { title: '', url: '' } : menu.type === 'cta_phone' ? { title: '', phone: '' } : { id: '', title: '' }

function remove(menu: MenuSpec, path: string): Rearranged | null {
  if (path.startsWith('template.values[')) {
    const at = Number(path.slice('template.values['.length, -1))
    const values = valuesOf(menu)
    return values === null
      ? null
      : {
          menu: withValues(
            menu,
            values.filter((_, index) => index !== at),
          ),
          land: null,
          said: 'Value removed.',
        }
  }
  if (path.startsWith('variables.')) {
    const { [path.slice('variables.'.length)]: _gone, ...rest } = menu.variables ?? {}
    return { menu: { ...menu, variables: rest }, land: null, said: 'Variable removed.' }
  }
  const spot = spotAt(menu, path)
  if (!spot) return null
  spot.list.splice(spot.at, 1)
  const next = Math.min(spot.at, spot.list.length - 1)
  return { menu, land: next >= 0 ? `${spot.path}[${next}].title` : null, said: 'Removed.' }
}

/** One place up or down; rows go on into the neighbouring section. */
function step(menu: MenuSpec, path: string, by: -1 | 1): Rearranged | null {
  const spot = spotAt(menu, path)
  if (!spot) return null
  const verb = by < 0 ? 'up' : 'down'
  const to = spot.at + by
  if (to >= 0 && to < spot.list.length) {
    const [thing] = spot.list.splice(spot.at, 1)
    spot.list.splice(to, 0, thing)
    return { menu, land: `${verb}:${spot.path}[${to}]`, said: `Moved ${verb}: now ${to + 1} of ${spot.list.length}.` }
  }
  const section = Number(/^sections\[(\d+)\]\.rows$/.exec(spot.path)?.[1] ?? Number.NaN) + by
  const neighbour = listAt(menu, `sections[${section}].rows`)
  if (!neighbour) return { menu, land: `${verb}:${path}`, said: by < 0 ? 'It is the first already.' : 'It is the last already.' }
  const [thing] = spot.list.splice(spot.at, 1)
  const at = by < 0 ? neighbour.length : 0
  neighbour.splice(at, 0, thing)
  return { menu, land: `${verb}:sections[${section}].rows[${at}]`, said: `Moved to section ${section + 1}, place ${at + 1} of ${neighbour.length}.` }
}

/** Dragged: `sections[0].rows[2]>sections[1].rows[0]`, the second as it is once the first has been taken out. */
function place(menu: MenuSpec, rest: string): Rearranged | null {
  const [from = '', to = ''] = rest.split('>')
  const spot = spotAt(menu, from)
  const found = /^(.*)\[(\d+)\]$/.exec(to)
  const target = found ? listAt(menu, found[1] ?? '') : null
  if (!spot || !target || (spot.path === 'sections') !== (found?.[1] === 'sections')) return null
  const [thing] = spot.list.splice(spot.at, 1)
  const at = Math.min(Number(found?.[2]), target.length)
  target.splice(at, 0, thing)
  return { menu, land: `up:${found?.[1]}[${at}]`, said: `Now ${at + 1} of ${target.length}.` }
}

const sectionAt = (menu: MenuSpec, path: string): Section | undefined =>
  menu.type === 'list' ? menu.sections[Number(/^sections\[(\d+)\]$/.exec(path)?.[1] ?? Number.NaN)] : undefined

/** Begins rows from data as the code declares them, else with an example that can be read. */
function data(menu: MenuSpec, path: string, declared: MenuSpec | null): Rearranged | null {
  const section = sectionAt(menu, path)
  if (!section) return null
  const known = declared?.type === 'list' ? declared.sections.find((one) => one.each !== undefined && one.row !== undefined) : undefined
  section.each = known?.each ?? 'items'
  section.row = known?.row ?? { id: 'item:{{id}}', title: '{{title}}' }
  section.empty = 'Nothing to choose'
  section.rows = (section.rows ?? []).filter((row) => row.id !== '' || row.title !== '')
  return { menu, land: `${path}.each`, said: 'Rows from data added.' }
}

function nodata(menu: MenuSpec, path: string): Rearranged | null {
  const section = sectionAt(menu, path)
  if (!section) return null
  delete section.each
  delete section.row
  delete section.empty
  return { menu, land: `${path}.title`, said: 'Rows from data removed.' }
}

/** Puts a section's rows behind those of the one above it. */
function join(menu: MenuSpec, path: string): Rearranged | null {
  const at = Number(/^sections\[(\d+)\]$/.exec(path)?.[1] ?? Number.NaN)
  if (menu.type !== 'list') return null
  const [above, section] = [menu.sections[at - 1], menu.sections[at]]
  if (!above || !section || section.each !== undefined) return null
  above.rows = [...(above.rows ?? []), ...(section.rows ?? [])] as Row[]
  menu.sections.splice(at, 1)
  return { menu, land: `sections[${at - 1}].title`, said: `Joined with section ${at}.` }
}

function drop(menu: MenuSpec, path: string): Rearranged | null {
  if (path !== 'header' || !('header' in menu)) return null
  delete menu.header
  return { menu, land: 'body', said: 'Header removed.' }
}

/** A fix that lint names, found again in the menu as it is now. */
function fix(menu: MenuSpec, rest: string): Rearranged | null {
  const [rule, path] = [rest.slice(0, rest.indexOf(':')), rest.slice(rest.indexOf(':') + 1)]
  const finding = lint(menu).find((one) => one.fix && one.rule === rule && one.path === path)
  if (!finding?.fix) return null
  return { menu: patched(menu, finding.fix.patch), land: null, said: `Done: ${finding.fix.label}.` }
}

const valuesOf = (menu: MenuSpec): string[] | null => templateValues('template' in menu ? menu.template : undefined)
const withValues = (menu: MenuSpec, values: readonly string[]): MenuSpec => {
  const { components: _old, ...template } = ('template' in menu ? menu.template : undefined) ?? { name: '', language: '' }
  return { ...menu, template: values.length > 0 ? { ...template, components: templateBody(values) } : template } as MenuSpec
}
