import { type Header, MENU_TYPES, type MenuSpec, type Section, type TemplateRef, type Variable, type Variables } from '../../../model/menu'
import { storable } from '../../../store/rows'

type Form = Record<string, unknown>

/**
 * A menu out of the editor's form. `base` is what is stored: it gives what the form does not show (key, owner, parts of a template that only code
 * understands) and is kept as it is where the form says the same. Nothing is cut or refused: drafts may be over every limit.
 */
export function draftFrom(form: Form, base: MenuSpec): MenuSpec {
  const type = MENU_TYPES.find((one) => one === form.type) ?? base.type
  const own = filled({ key: base.key, type, owner: base.owner, variables: variablesIn(form, base.variables) })
  const template = templateIn(form, base)
  if (type === 'template') return { ...own, template: template ?? { name: '', language: '' } } as MenuSpec
  if (type === 'text') return filled({ ...own, body: words(form.body), template }) as unknown as MenuSpec
  const framed = { ...own, header: headerIn(form.header), body: words(form.body), footer: optional(form.footer), template }
  switch (type) {
    case 'button':
      return filled({ ...framed, buttons: items(form.buttons).map(({ id, title }) => ({ id: word(id), title: words(title) })) }) as unknown as MenuSpec
    case 'list':
      return filled({ ...framed, button: words(form.button), sections: items(form.sections).map(sectionIn) }) as unknown as MenuSpec
    case 'cta_url':
      return filled({ ...framed, buttons: items(form.buttons).map(({ title, url }) => ({ title: words(title), url: word(url) })) }) as unknown as MenuSpec
    case 'cta_phone':
      return filled({ ...framed, buttons: items(form.buttons).map(({ title, phone }) => ({ title: words(title), phone: word(phone) })) }) as unknown as MenuSpec
  }
}

/** Values of a template that staff can edit: the texts of its body, in order. Null: it has parts that only code understands. */
export function templateValues(template: TemplateRef | undefined): string[] | null {
  const components = template?.components ?? []
  if (components.length === 0) return []
  const [body, ...others] = components as { type?: unknown; parameters?: unknown }[]
  if (others.length > 0 || String(body?.type).toLowerCase() !== 'body' || !Array.isArray(body?.parameters)) return null
  const texts = (body.parameters as { type?: unknown; text?: unknown }[]).map((one) => (one?.type === 'text' && typeof one.text === 'string' ? one.text : null))
  return texts.every((text) => text !== null) ? texts : null
}

export const templateBody = (values: readonly string[]): unknown[] => [{ type: 'body', parameters: values.map((text) => ({ type: 'text', text })) }]

/** Browsers send line breaks as two characters; what is no proper text cannot be stored. */
const words = (value: unknown): string => (typeof value === 'string' ? storable(value.replaceAll('\r\n', '\n')) : '')
/** For names, ids and addresses, where a blank at an end was pasted along. */
const word = (value: unknown): string => words(value).trim()
const optional = (value: unknown): string | undefined => words(value) || undefined
const isForm = (value: unknown): value is Form => typeof value === 'object' && value !== null
const filled = (fields: Form): Form => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

/** The items of a list in a form. A list with many items arrives as an object with numbers for names. */
function items(value: unknown): Form[] {
  if (Array.isArray(value)) return value.map((one) => (isForm(one) ? one : {}))
  if (!isForm(value)) return []
  const numbers = Object.keys(value).filter((name) => /^\d+$/.test(name))
  return numbers.sort((a, b) => Number(a) - Number(b)).map((name) => (isForm(value[name]) ? (value[name] as Form) : {}))
}

function headerIn(value: unknown): Header | undefined {
  if (!isForm(value)) return undefined
  if (value.type === 'text') return { type: 'text', text: words(value.text) }
  if (value.type !== 'image' && value.type !== 'video' && value.type !== 'document') return undefined
  const file = { link: word(value.link) || undefined, id: word(value.id) || undefined }
  if (value.type !== 'document') return filled({ type: value.type, ...file }) as unknown as Header
  return filled({ type: 'document', ...file, filename: optional(value.filename) }) as unknown as Header
}

const rowIn = ({ id, title, description }: Form) => filled({ id: word(id), title: words(title), description: optional(description) })

function sectionIn(value: Form): Section {
  const rows = items(value.rows).map(rowIn)
  const fromData = typeof value.each === 'string'
  return filled({
    title: optional(value.title),
    rows: fromData && rows.length === 0 ? undefined : rows,
    ...(fromData ? { each: word(value.each), row: rowIn(isForm(value.row) ? value.row : {}), empty: optional(value.empty) } : {}),
  }) as Section
}

function templateIn(form: Form, base: MenuSpec): TemplateRef | undefined {
  if (!isForm(form.template)) return undefined
  const known = 'template' in base ? base.template : undefined
  const name = word(form.template.name)
  const language = word(form.template.language)
  const before = templateValues(known)
  const values = listed(form.template.values)
  const components =
    before === null || (values.length === 0 && before.length === 0) ? known?.components : values.length === 0 ? undefined : templateBody(values)
  if (name === '' && language === '' && components === undefined) return undefined
  return filled({ name, language, components }) as unknown as TemplateRef
}

const listed = (value: unknown): string[] => (Array.isArray(value) ? value : isForm(value) ? Object.values(value) : []).map(words)

function variablesIn(form: Form, known: Variables | undefined): Variables | undefined {
  const entries = items(form.variables).flatMap((one): [string, Variable][] => {
    const name = words(one.name)
    const before = known && Object.hasOwn(known, name) ? known[name] : undefined
    const next = filled({ sample: value(one.sample, before?.sample), default: value(one.default, before?.default) }) as Variable
    return name !== '' && (before !== undefined || Object.keys(next).length > 0) ? [[name, next]] : []
  })
  if (entries.length > 0) return Object.fromEntries(entries)
  return known && Object.keys(known).length === 0 ? known : undefined
}

/** A number that was declared stays a number while its text is the same. */
const value = (given: unknown, before: string | number | undefined): string | number | undefined =>
  before !== undefined && String(before) === words(given) ? before : optional(given)
