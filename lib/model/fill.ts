import type { Header, MenuSpec, Row, Section, TemplateRef } from './menu'
import { fillText } from './placeholder'
import { encodeField, opensField } from './reply-id'

/** Values for a menu's variables: single ones by name, and for each array its items. */
export interface Values {
  value(name: string): string
  /** One function per item, which knows the item's fields. */
  items(array: string): readonly ((name: string) => string)[]
}

/** The same menu with its variables filled in and its rows from data written out. No lengths are checked here. */
export function fillMenu(menu: MenuSpec, values: Values): MenuSpec {
  const fill = (text: string): string => fillText(text, values.value)
  const template = 'template' in menu && menu.template ? { template: fillTemplate(menu.template, fill) } : {}
  if (menu.type === 'template') return { ...menu, template: fillTemplate(menu.template, fill) }
  if (menu.type === 'text') return { ...menu, body: fill(menu.body), ...template }
  const framed = {
    ...(menu.header ? { header: fillHeader(menu.header, values) } : {}),
    body: fill(menu.body),
    ...(menu.footer === undefined ? {} : { footer: fill(menu.footer) }),
    ...template,
  }
  switch (menu.type) {
    case 'button':
      return { ...menu, ...framed, buttons: menu.buttons.map(({ id, title }) => ({ id: fillId(id, values.value), title: fill(title) })) }
    case 'list':
      return { ...menu, ...framed, button: fill(menu.button), sections: menu.sections.map((section) => fillSection(section, values)) }
    case 'cta_url':
      return { ...menu, ...framed, buttons: menu.buttons.map(({ title, url }) => ({ title: fill(title), url: fillAddress(url, values) })) }
    case 'cta_phone':
      return { ...menu, ...framed, buttons: menu.buttons.map(({ title, phone }) => ({ title: fill(title), phone: fill(phone) })) }
  }
}

/** Rows from data come first: a row that is written out beside them is the "something else" at the end. */
function fillSection(section: Section, values: Values): Section {
  const { title, rows = [], each, row, empty } = section
  const items = each === undefined || !row ? [] : values.items(each)
  const fromData = row ? items.map((item) => fillRow(row, item)) : []
  const instead = each !== undefined && items.length === 0 && empty !== undefined ? [{ id: emptyId(each), title: fillText(empty, values.value) }] : []
  return {
    ...(title === undefined ? {} : { title: fillText(title, values.value) }),
    rows: [...fromData, ...instead, ...rows.map((one) => fillRow(one, values.value))],
  }
}

/** Reply id of the row that says that there is no data. It begins like no id of a row, so no listener for rows hears it. */
export const emptyId = (array: string): string => `empty:${array}`

function fillRow(row: Row, value: (name: string) => string): Row {
  const { id, title, description } = row
  return { id: fillId(id, value), title: fillText(title, value), ...(description === undefined ? {} : { description: fillText(description, value) }) }
}

/** Behind a `:` a value is a field as `defineReply` writes it, percent-encoded, so that a `:` in it does not become another field. */
const fillId = (id: string, value: (name: string) => string): string =>
  fillText(id, (name, before) => (opensField(before) ? encodeField(value(name)) : value(name)))

/** A value in an address is data, never a part of its structure. */
const fillAddress = (address: string, values: Values): string => fillText(address, (name) => encodeURIComponent(values.value(name).toWellFormed()))

function fillHeader(header: Header, values: Values): Header {
  if (header.type === 'text') return { type: 'text', text: fillText(header.text, values.value) }
  const link = header.link === undefined ? {} : { link: fillAddress(header.link, values) }
  const id = header.id === undefined ? {} : { id: fillText(header.id, values.value) }
  if (header.type !== 'document') return { type: header.type, ...link, ...id }
  return { type: 'document', ...link, ...id, ...(header.filename === undefined ? {} : { filename: fillText(header.filename, values.value) }) }
}

/** Every text inside the components, except the wire's own `type` words. */
function fillTemplate(template: TemplateRef, fill: (text: string) => string): TemplateRef {
  const { name, language, components } = template
  return { name, language, ...(components ? { components: components.map((component) => fillDeep(component, fill)) } : {}) }
}

function fillDeep(value: unknown, fill: (text: string) => string): unknown {
  if (typeof value === 'string') return fill(value)
  if (Array.isArray(value)) return value.map((item) => fillDeep(item, fill))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, key === 'type' ? inner : fillDeep(inner, fill)]))
}
