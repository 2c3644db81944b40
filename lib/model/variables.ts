import type { MenuSpec, Option, Section } from './menu'
import { namesIn } from './placeholder'

/** The variables that a menu's words use: single values, and per array (`each`) the fields that its rows take from every item. */
export interface VariableNames {
  scalars: string[]
  arrays: Record<string, string[]>
}

/** Names in the order of the words. Names of an `each` row belong to its items, not to the menu. */
export function variablesIn(menu: MenuSpec): VariableNames {
  const scalars = new Set<string>()
  const arrays = new Map<string, Set<string>>()
  const words = (text: string | undefined): void => {
    if (text !== undefined) for (const name of namesIn(text)) scalars.add(name)
  }
  for (const text of framing(menu)) words(text)
  if (menu.type === 'list') for (const section of menu.sections) sectionNames(section, words, arrays)
  if ('template' in menu && menu.template) deepTexts(menu.template.components ?? [], words)
  return { scalars: [...scalars], arrays: Object.fromEntries([...arrays].map(([name, fields]) => [name, [...fields]])) }
}

function framing(menu: MenuSpec): (string | undefined)[] {
  if (menu.type === 'template') return []
  if (menu.type === 'text') return [menu.body]
  const { header } = menu
  const top = header?.type === 'text' ? [header.text] : [header?.link, header?.id, header?.type === 'document' ? header.filename : undefined]
  const rest = [...top, menu.body, menu.footer]
  switch (menu.type) {
    case 'button':
      return [...rest, ...menu.buttons.flatMap(optionTexts)]
    case 'list':
      return [...rest, menu.button]
    case 'cta_url':
      return [...rest, ...menu.buttons.flatMap((button) => [button.title, button.url])]
    case 'cta_phone':
      return [...rest, ...menu.buttons.flatMap((button) => [button.title, button.phone])]
  }
}

const optionTexts = (option: Option & { description?: string }): (string | undefined)[] => [option.id, option.title, option.description]

function sectionNames(section: Section, words: (text: string | undefined) => void, arrays: Map<string, Set<string>>): void {
  for (const text of [section.title, ...(section.rows ?? []).flatMap(optionTexts), section.empty]) words(text)
  if (section.each === undefined) return
  const fields = arrays.get(section.each) ?? new Set<string>()
  arrays.set(section.each, fields)
  if (section.row) for (const text of optionTexts(section.row)) for (const name of text === undefined ? [] : namesIn(text)) fields.add(name)
}

/** Every text inside a template's components, except the wire's own `type` words. The depth is checked with the shape. */
export function deepTexts(value: unknown, see: (text: string) => void): void {
  if (typeof value === 'string') see(value)
  else if (Array.isArray(value)) for (const item of value) deepTexts(item, see)
  else if (typeof value === 'object' && value !== null) for (const [key, inner] of Object.entries(value)) if (key !== 'type') deepTexts(inner, see)
}
