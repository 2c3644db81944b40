import { WaError } from '../errors'
import { clip, firstOf, shown } from './fault'
import type { MenuSpec } from './menu'
import { isObject } from './readers'
import { readMenu } from './shape'

/**
 * A menu out of what a provider takes: an `interactive` object, a content object, or a whole request body of Exotel or Meta.
 * Text is read as JSON, also when a curl command stands around it. The limits are not checked: it is a draft.
 * Throws WA_REQUEST_INVALID when it holds nothing that a menu can be.
 */
export function menuFromWire(json: unknown, key: string): MenuSpec {
  const content = contentIn(typeof json === 'string' ? jsonIn(json) : json, 0)
  if (content === null) throw refuse('there is no interactive message, text or template in it')
  const { menu, faults } = readMenu({ key, ...fieldsOf(content) })
  if (menu === null || faults.length > 0)
    throw new WaError(
      'WA_REQUEST_INVALID',
      `This cannot become a menu: ${faults
        .map((fault) => fault.message)
        .slice(0, 5)
        .join(' ')}`,
      faults,
    )
  return menu
}

type Fields = Record<string, unknown>
const field = (value: unknown, name: string): unknown => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined)
const items = (value: unknown): unknown[] => (Array.isArray(value) ? firstOf(value, 100) : [])
/** An object without the fields that are undefined. */
const filled = (fields: Fields): Fields => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
const refuse = (why: string): WaError =>
  new WaError('WA_REQUEST_INVALID', `This cannot become a menu: ${why}. Paste the JSON of an interactive message.`, [{ path: '', message: why }])

function jsonIn(text: string): unknown {
  const from = text.indexOf('{')
  const to = text.lastIndexOf('}')
  try {
    return JSON.parse(from < 0 || to < from ? text : text.slice(from, to + 1))
  } catch (thrown) {
    throw refuse(`it is no JSON (${clip(String(thrown))})`)
  }
}

/** Looks where the wires put the content: Exotel's flat body and envelope, Meta's body, or the object itself. */
function contentIn(value: unknown, depth: number): Fields | null {
  if (!isObject(value) || depth > 4) return null
  for (const inner of [field(value, 'content'), field(field(value, 'whatsapp'), 'messages'), field(value, 'messages')]) {
    const found = contentIn(Array.isArray(inner) ? inner[0] : inner, depth + 1)
    if (found) return found
  }
  for (const type of ['interactive', 'text', 'template'])
    if (isObject(value[type]) && (value.type === type || value.type === undefined))
      return type === 'interactive' ? (value[type] as Fields) : { ...(value[type] as Fields), type }
  return isObject(value.action) && typeof value.type === 'string' ? value : null
}

function fieldsOf(content: Fields): Fields {
  if (content.type === 'text') return { type: 'text', body: content.body }
  if (content.type === 'template')
    return {
      type: 'template',
      template: filled({ name: content.name, language: field(content.language, 'code') ?? content.language, components: content.components }),
    }
  const framed = filled({ header: headerOf(content.header), body: field(content.body, 'text'), footer: field(content.footer, 'text') })
  const { action } = content
  switch (content.type) {
    case 'button':
      return {
        type: 'button',
        ...framed,
        buttons: items(field(action, 'buttons')).map((button) =>
          filled({ id: field(field(button, 'reply'), 'id'), title: field(field(button, 'reply'), 'title') }),
        ),
      }
    case 'list':
      return {
        type: 'list',
        ...framed,
        button: field(action, 'button'),
        sections: items(field(action, 'sections')).map((section) => filled({ title: field(section, 'title'), rows: items(field(section, 'rows')).map(rowOf) })),
      }
    case 'cta_url':
      return {
        type: 'cta_url',
        ...framed,
        buttons: [filled({ title: field(field(action, 'parameters'), 'display_text'), url: field(field(action, 'parameters'), 'url') })],
      }
    default:
      throw refuse(`no menu can be an interactive message of type ${shown(content.type)}`)
  }
}

const rowOf = (row: unknown): Fields => filled({ id: field(row, 'id'), title: field(row, 'title'), description: field(row, 'description') })

function headerOf(header: unknown): Fields | undefined {
  if (!isObject(header)) return undefined
  if (header.type === 'text') return { type: 'text', text: header.text }
  const file = field(header, String(header.type))
  return filled({ type: header.type, link: field(file, 'link'), id: field(file, 'id'), filename: field(file, 'filename') })
}
