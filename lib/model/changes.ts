import type { CtaPhoneMenu, CtaUrlMenu, Header, MenuSpec, Row, Section, TemplateRef } from './menu'

/** One thing that differs between two menus, in words for people. Null: it was, or will be, not there. */
export interface Change {
  what: string
  from: string | null
  to: string | null
}

/** What is different, in the order in which a menu is read. Options are told apart by their ids: a new title is a change, a new id is another option. */
export function changesBetween(before: MenuSpec, after: MenuSpec): Change[] {
  const changes: Change[] = []
  const tell: Tell = (what, from, to) => {
    const [was, is] = [from || null, to || null]
    if (was !== is) changes.push({ what, from: was, to: is })
  }
  tell('Type', TYPE_WORDS[before.type], TYPE_WORDS[after.type])
  tell('Header', headerWords(before), headerWords(after))
  tell('Body', 'body' in before ? before.body : null, 'body' in after ? after.body : null)
  tell('Footer', 'footer' in before ? before.footer : null, 'footer' in after ? after.footer : null)
  tell('Button that opens the list', 'button' in before ? before.button : null, 'button' in after ? after.button : null)
  links(before, after, tell)
  sections(before, after, tell)
  options(before, after, tell)
  template(before, after, tell)
  variables(before, after, tell)
  return changes
}

/** The types in the words of people who write menus. */
export const TYPE_WORDS: Record<MenuSpec['type'], string> = {
  button: 'Reply buttons',
  list: 'List',
  cta_url: 'Link button',
  cta_phone: 'Call button',
  text: 'Text',
  template: 'Template',
}

type Tell = (what: string, from: string | null | undefined, to: string | null | undefined) => void

function headerWords(menu: MenuSpec): string | null {
  const header: Header | undefined = 'header' in menu ? menu.header : undefined
  if (!header) return null
  if (header.type === 'text') return header.text
  const file = header.link ?? header.id ?? 'no file yet'
  return `${header.type}: ${header.type === 'document' && header.filename ? `${header.filename}, ` : ''}${file}`
}

type Link = CtaUrlMenu['buttons'][number] | CtaPhoneMenu['buttons'][number]
const linksOf = (menu: MenuSpec): readonly Link[] => (menu.type === 'cta_url' || menu.type === 'cta_phone' ? menu.buttons : [])
const addressOf = (link: Link | undefined): string | undefined => (link === undefined ? undefined : 'url' in link ? link.url : link.phone)

function links(before: MenuSpec, after: MenuSpec, tell: Tell): void {
  const [was, is] = [linksOf(before), linksOf(after)]
  for (let at = 0; at < Math.max(was.length, is.length); at++) {
    const name = Math.max(was.length, is.length) > 1 ? `Button ${at + 1}` : 'Button'
    tell(`${name}, label`, was[at]?.title, is[at]?.title)
    tell(`${name}, where it leads`, addressOf(was[at]), addressOf(is[at]))
  }
}

/** An option with the section it stands in. */
interface Place extends Row {
  section: number | null
  fromData: boolean
}
const named = (place: Place): string => `“${place.title || place.id}”`

function placesOf(menu: MenuSpec): Map<string, Place> {
  const places: Place[] = []
  if (menu.type === 'button') for (const button of menu.buttons) places.push({ ...button, section: null, fromData: false })
  if (menu.type === 'list')
    for (const [section, { rows = [], row }] of menu.sections.entries()) {
      if (row) places.push({ ...row, section, fromData: true })
      for (const one of rows) places.push({ ...one, section, fromData: false })
    }
  // Drafts may hold an id twice, or none: each keeps its place in the row of its likes.
  const seen = new Map<string, number>()
  return new Map(
    places.map((place) => {
      const count = seen.get(place.id) ?? 0
      seen.set(place.id, count + 1)
      return [`${place.id}\n${count}`, place]
    }),
  )
}

const sectionsOf = (menu: MenuSpec): readonly Section[] => (menu.type === 'list' ? menu.sections : [])

/** Which section became which: by title, else by place. */
function followed(before: readonly Section[], after: readonly Section[]): Map<number, number> {
  const map = new Map<number, number>()
  const taken = new Set<number>()
  const pair = (from: number, to: number): void => {
    map.set(from, to)
    taken.add(to)
  }
  for (const [at, section] of before.entries()) {
    const same = after.findIndex((one, index) => !taken.has(index) && one.title === section.title && (section.title ?? '') !== '')
    if (same >= 0) pair(at, same)
  }
  for (const at of before.keys()) {
    if (map.has(at) || at >= after.length || taken.has(at)) continue
    pair(at, at)
  }
  return map
}

const titleOf = (section: Section | undefined, at: number): string => (section?.title ? `“${section.title}”` : `Section ${at + 1}`)

function sections(before: MenuSpec, after: MenuSpec, tell: Tell): void {
  if (before.type !== 'list' || after.type !== 'list') return
  const [was, is] = [before.sections, after.sections]
  const map = followed(was, is)
  const kept = new Set(map.values())
  for (const [at, section] of was.entries()) {
    const to = map.get(at)
    const next = to === undefined ? undefined : is[to]
    if (!next) {
      tell('Section that goes', section.title || `Section ${at + 1}`, null)
      continue
    }
    tell(`Title of section ${at + 1}`, section.title, next.title)
    tell(`Data of section ${titleOf(section, at)}`, section.each, next.each)
    tell(`Words for no data in section ${titleOf(section, at)}`, section.empty, next.empty)
  }
  for (const [at, section] of is.entries()) {
    if (kept.has(at)) continue
    tell('New section', null, section.title || `Section ${at + 1}`)
    tell(`Data of section ${titleOf(section, at)}`, null, section.each)
    tell(`Words for no data in section ${titleOf(section, at)}`, null, section.empty)
  }
}

function options(before: MenuSpec, after: MenuSpec, tell: Tell): void {
  const [was, is] = [placesOf(before), placesOf(after)]
  const map = followed(sectionsOf(before), sectionsOf(after))
  const thing = (place: Place): string => (place.fromData ? 'row from data' : place.section === null ? 'button' : 'row')
  for (const [key, place] of was) if (!is.has(key)) tell(`Removed ${thing(place)}`, wholeOf(place), null)
  const moved = new Set<string>()
  for (const [key, place] of is) {
    const old = was.get(key)
    if (!old) {
      tell(`New ${thing(place)}`, null, wholeOf(place))
      continue
    }
    tell(`Title of ${thing(place)} ${named(old)}`, old.title, place.title)
    tell(`Description of ${named(place)}`, old.description, place.description)
    if (old.section === null || place.section === null || map.get(old.section) === place.section) continue
    moved.add(key)
    const [from, to] = [sectionsOf(before)[old.section], sectionsOf(after)[place.section]]
    tell(`Section of ${named(place)}`, titleOf(from, old.section), titleOf(to, place.section))
  }
  const stayed = (from: Map<string, Place>): string[] => [...from.keys()].filter((key) => was.has(key) && is.has(key) && !moved.has(key))
  const order = (keys: readonly string[]): string => keys.map((key) => is.get(key)?.title || is.get(key)?.id).join(' · ')
  if (stayed(was).join('\n') !== stayed(is).join('\n')) tell('Order', order(stayed(was)), order(stayed(is)))
}

const wholeOf = ({ title, description, id }: Place): string => `${title || '(no title)'}${description ? `: ${description}` : ''}${id ? ` (${id})` : ''}`

function template(before: MenuSpec, after: MenuSpec, tell: Tell): void {
  const of = (menu: MenuSpec): TemplateRef | undefined => ('template' in menu ? menu.template : undefined)
  const name = (ref: TemplateRef | undefined): string | null => (ref && (ref.name || ref.language) ? `${ref.name} (${ref.language})` : null)
  const [was, is] = [of(before), of(after)]
  tell('Approved template', name(was), name(is))
  tell('Values of the template', valuesOf(was), valuesOf(is))
}

/** The texts inside a template's components. */
function valuesOf(ref: TemplateRef | undefined): string | null {
  const texts: string[] = []
  const walk = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value)
    else if (Array.isArray(value)) for (const one of value) walk(one)
    else if (typeof value === 'object' && value !== null) for (const [key, one] of Object.entries(value)) if (key !== 'type') walk(one)
  }
  walk(ref?.components ?? [])
  return texts.length > 0 ? texts.join(' · ') : null
}

function variables(before: MenuSpec, after: MenuSpec, tell: Tell): void {
  const [was, is] = [before.variables ?? {}, after.variables ?? {}]
  for (const name of new Set([...Object.keys(was), ...Object.keys(is)])) {
    const [old, next] = [Object.hasOwn(was, name) ? was[name] : undefined, Object.hasOwn(is, name) ? is[name] : undefined]
    tell(`Sample of {{${name}}}`, text(old?.sample), text(next?.sample))
    tell(`Default of {{${name}}}`, text(old?.default), text(next?.default))
  }
}

const text = (value: string | number | undefined): string | null => (value === undefined ? null : String(value))
