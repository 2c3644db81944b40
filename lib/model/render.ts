import type { Fault } from '../errors'
import { faultsOf, menuError } from './check'
import { collectFaults } from './fault'
import { fillMenu, type Values } from './fill'
import { valuesFrom } from './given'
import type { MenuSpec } from './menu'
import type { SentHeader, SentMessage, SentTemplate } from './message'
import { checkRules } from './rules'
import { readMenu } from './shape'

export interface RenderOptions {
  /** Variables that the menu was declared with: giving them is no error, even when its words no longer use them. */
  alsoKnown?: readonly string[]
}

/**
 * The message that a menu becomes with these variables. Everything is checked again, now that the words are final.
 * Throws WA_VARIABLE_MISSING, WA_VARIABLE_UNKNOWN or WA_MENU_LIMIT, with every fault.
 */
export function render(menu: MenuSpec, variables: Record<string, unknown> = {}, options: RenderOptions = {}): SentMessage {
  return sentOf(filled(menu, variables, options))
}

/** The approved template that a menu names, its components filled in; null when it names none. What may leave when the window is closed. */
export function renderTemplate(menu: MenuSpec, variables: Record<string, unknown> = {}, options: RenderOptions = {}): SentTemplate | null {
  if (!('template' in menu) || !menu.template) return null
  return templateOf(filled(menu, variables, options))
}

/**
 * How a menu will look, with samples for its variables: also a draft that is far from done. Never throws; `message` is null when there is nothing to draw.
 * `draw`: `templateOf` for what leaves when the window is closed. `items`: for the arrays that are known already, the fields of each item.
 */
export function preview(
  menu: MenuSpec,
  draw: (menu: MenuSpec) => SentMessage = sentOf,
  items: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> = {},
): { message: SentMessage | null; faults: Fault[] } {
  const { menu: readable } = readMenu(menu)
  return { message: readable ? draw(fillMenu(readable, samplesOf(readable, items))) : null, faults: faultsOf(menu) }
}

function filled(menu: MenuSpec, variables: Record<string, unknown>, { alsoKnown }: RenderOptions): MenuSpec {
  const { menu: readable, faults: unreadable } = readMenu(menu)
  if (readable === null || unreadable.length > 0) throw menuError(String(readable?.key ?? '?'), unreadable)
  const final = fillMenu(readable, valuesFrom(readable, variables, alsoKnown))
  const { faults, report } = collectFaults()
  checkRules(final, report, true)
  if (faults.length > 0) throw menuError(final.key, faults)
  return final
}

/** Sample, else default, else the name itself in angle quotes. Rows from data of which nothing is known are drawn once. */
function samplesOf(menu: MenuSpec, items: Parameters<typeof preview>[2] = {}): Values {
  const value = (name: string): string => {
    const known = menu.variables && Object.hasOwn(menu.variables, name) ? menu.variables[name] : undefined
    return String(known?.sample ?? known?.default ?? `‹${name}›`)
  }
  const fieldsOf = (item: Readonly<Record<string, string>>) => (name: string) => (Object.hasOwn(item, name) ? item[name] : undefined) ?? value(name)
  return { value, items: (array) => (Object.hasOwn(items, array) ? items[array]?.map(fieldsOf) : undefined) ?? [value] }
}

/** The message that a menu is whose variables are filled in. */
export function sentOf(menu: MenuSpec): SentMessage {
  switch (menu.type) {
    case 'text':
      return { type: 'text', text: menu.body }
    case 'template':
    case 'cta_phone':
      return templateOf(menu)
    case 'button':
      return { type: 'button', ...framing(menu), buttons: menu.buttons }
    case 'list':
      return {
        type: 'list',
        ...framing(menu),
        button: menu.button,
        sections: menu.sections.map(({ title, rows = [] }) => ({
          ...words('title', title),
          rows: rows.map(({ id, title: name, description }) => ({ id, title: name, ...words('description', description) })),
        })),
      }
    case 'cta_url':
      // One button leaves as an interactive message; two can only as the template.
      return menu.template && menu.buttons.length > 1 ? templateOf(menu) : { type: 'cta_url', ...framing(menu), buttons: menu.buttons }
  }
}

/** The same as the template that it names. */
export function templateOf(menu: MenuSpec): SentTemplate {
  const { name, language, components = [] } = ('template' in menu ? menu.template : undefined) ?? { name: '', language: '' }
  const template = { type: 'template' as const, template: { name, language, components } }
  if (menu.type === 'template') return template
  if (menu.type === 'text') return { ...template, shown: { body: menu.body, buttons: [] } }
  return { ...template, shown: { ...framing(menu), buttons: menu.type === 'cta_url' || menu.type === 'cta_phone' ? menu.buttons : [] } }
}

function framing(menu: { header?: SentHeader; body: string; footer?: string }): { header?: SentHeader; body: string; footer?: string } {
  return { ...(menu.header ? { header: menu.header } : {}), body: menu.body, ...words('footer', menu.footer) }
}

/** An empty text is left out: the providers refuse `""` where they accept an absent field. */
const words = <F extends string>(field: F, text: string | undefined): { [K in F]?: string } =>
  text === undefined || text.trim() === '' ? {} : ({ [field]: text } as { [K in F]?: string })
