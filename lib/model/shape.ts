import type { Fault } from '../errors'
import { clip, collectFaults, type Report, shown } from './fault'
import { MENU_TYPES, type MenuSpec } from './menu'
import { isObject, json, listOf, object, type Reader, recordOf, scalar, text, word } from './readers'
import { didYouMean } from './suggest'
import { tags } from './tags'

/** What is wrong with the structure alone: types, unknown fields, key, type. None: it may be kept as a draft, however unfinished. */
export const shapeFaultsOf = (value: unknown): Fault[] => readMenu(value).faults

export const KEY = /^[a-z0-9][a-z0-9-]{0,63}$/

/** Reads unknown JSON as a menu. `menu` is a clean copy of what could be read, with empty words where some were missing; null when not even the type is known. */
export function readMenu(value: unknown): { menu: MenuSpec | null; faults: Fault[] } {
  const { faults, report } = collectFaults()
  try {
    return { menu: menu(value, report), faults }
  } catch (thrown) {
    // Only code can pass an object whose fields throw when they are read.
    report('', `The menu cannot be read: ${clip(String(thrown))}.`, { fix: 'Pass plain JSON.' })
    return { menu: null, faults }
  }
}

function menu(value: unknown, report: Report): MenuSpec | null {
  if (!isObject(value)) {
    report('', `A menu is a JSON object; this is ${shown(value)}.`, { actual: shown(value) })
    return null
  }
  const { key, type } = value
  if (typeof key !== 'string' || !KEY.test(key)) {
    const fix = 'Use small letters, digits and -, at most 64, such as "help-center".'
    report('key', key === undefined ? 'The menu has no key.' : `${shown(key)} cannot be the key of a menu.`, {
      actual: shown(key),
      limit: '[a-z0-9][a-z0-9-]{0,63}',
      fix,
    })
  }
  const fields = typeof type === 'string' && Object.hasOwn(MENUS, type) ? MENUS[type as keyof typeof MENUS] : null
  if (fields) return fields(value, '', report) as MenuSpec
  report('type', type === undefined ? 'The menu has no type.' : `${shown(type)} is no type of menu.`, {
    actual: shown(type),
    limit: MENU_TYPES.join(' | '),
    fix: `Use one of ${MENU_TYPES.join(', ')}.${typeof type === 'string' ? didYouMean(type, MENU_TYPES) : ''}`,
  })
  return null
}

const header: Reader = (value, path, report) => {
  const type = isObject(value) ? value.type : undefined
  const read = typeof type === 'string' && Object.hasOwn(HEADERS, type) ? HEADERS[type as keyof typeof HEADERS] : null
  if (read) return read(value, path, report)
  const known = Object.keys(HEADERS)
  const found = type === undefined ? `${path}.type is missing.` : `A header cannot be ${shown(type)}.`
  report(isObject(value) ? `${path}.type` : path, isObject(value) ? found : `${path} is ${shown(value)}; it must be an object.`, {
    actual: shown(type ?? value),
    limit: known.join(' | '),
    fix: `Use one of ${known.join(', ')}.`,
  })
  return undefined
}
const media = { type: text }
const file = { link: text, id: text }
const HEADERS = {
  text: object('a text header', { type: text, text }),
  image: object('an image header', media, file),
  video: object('a video header', media, file),
  document: object('a document header', media, { ...file, filename: text }),
}

const option = object('a button', { id: text, title: text })
const row = object('a row', { id: text, title: text }, { description: text })
const section = object('a section', {}, { title: text, rows: listOf(row), each: text, row, empty: text })
const template = object('a template', { name: text, language: text }, { components: listOf(json) })
const head = { key: (value: unknown) => (typeof value === 'string' ? value : ''), type: text }
const own = { variables: recordOf(object('a variable', {}, { sample: scalar, default: scalar })), owner: word(['staff', 'code']), tags }
const framed = { ...own, header, footer: text, template }

const MENUS = {
  button: object('a button menu', { ...head, body: text, buttons: listOf(option) }, framed),
  list: object('a list', { ...head, body: text, button: text, sections: listOf(section) }, framed),
  cta_url: object('a cta_url menu', { ...head, body: text, buttons: listOf(object('a URL button', { title: text, url: text })) }, framed),
  cta_phone: object('a cta_phone menu', { ...head, body: text, buttons: listOf(object('a phone button', { title: text, phone: text })) }, framed),
  text: object('a text menu', { ...head, body: text }, { ...own, template }),
  template: object('a template menu', { ...head, template }, own),
} satisfies Record<MenuSpec['type'], Reader>
