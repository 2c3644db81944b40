import { WaError } from '../errors'
import { codePoints, LIMITS } from './limits'
import { VARIABLE_NAME } from './placeholder'

/** What a field of a reply id holds: any text, a whole number, or one of some words. */
export type Field = 'string' | 'int' | readonly string[]
export type Shape<F> = { [K in keyof F]: F[K] extends 'int' ? number : F[K] extends 'string' ? string : F[K] extends readonly (infer U)[] ? U : never }
/** What of these data is a `{{variable}}`: `id` would encode it, and customers would tap the braces. */
type NoSlots<D> = { [K in keyof D]: D[K] extends `{{${string}}}` ? 'a {{variable}} stands in row(), not in id()' : D[K] }
type Slots<F> = { [K in keyof F]: Shape<F>[K] | `{{${string}}}` }

/** Reply ids that carry data, `rate:ORD-1:5`; made by `defineReply`. */
// biome-ignore lint/suspicious/noExplicitAny: a ReplyId of any fields must fit wherever one is taken; with unknown none would.
export interface ReplyId<P extends string = string, F = any> {
  readonly prefix: P
  /** The id for this data. */
  id<const D extends Shape<F>>(data: D & NoSlots<D>): `${P}:${string}`
  /** The id for a menu, where any field may be a `{{variable}}` to be filled when the menu is sent. */
  row<const S extends Slots<F>>(slots: S): `${P}:${S[keyof S] & string}`
  /** The data of an id, null for an id that is none of these. */
  parse(id: string): Shape<F> | null
}

/**
 * Reply ids with typed data: `defineReply('rate', { order: 'string', stars: 'int' })` gives `rate:ORD-1:5`.
 * Fields stand in the order in which they are declared, percent-encoded, so a `:` in a value does not break them.
 */
export function defineReply<const P extends string, const F extends Record<string, Field>>(prefix: P, fields: F): ReplyId<P, F> {
  const names = Object.keys(fields ?? {})
  if (typeof prefix !== 'string' || !/^[A-Za-z0-9_.-]{1,64}$/.test(prefix))
    throw invalid('prefix', `defineReply("${String(prefix).slice(0, 40)}"): a prefix has letters, digits, - _ and . only, at most 64.`)
  if (names.length === 0) throw invalid('fields', `defineReply("${prefix}") has no fields. Name at least one, such as { order: 'string' }.`)
  for (const name of names) {
    if (!VARIABLE_NAME.test(name)) throw invalid(name, `defineReply("${prefix}"): "${name}" cannot name a field: small letters, digits and _.`)
    const field = fields[name]
    if (field !== 'string' && field !== 'int' && !isWords(field))
      throw invalid(name, `defineReply("${prefix}"): field "${name}" is neither 'string' nor 'int' nor a list of words.`)
  }
  const join = (data: Record<string, unknown>, keep: (value: unknown) => string | null): string => {
    const id = [prefix, ...names.map((name) => keep(data?.[name]) ?? encodeField(textOf(prefix, name, fields[name], data?.[name])))].join(':')
    if (codePoints(id) > LIMITS.buttonId)
      throw invalid(
        'id',
        `The id "${id.slice(0, 40)}…" is ${codePoints(id)} characters; WhatsApp takes at most ${LIMITS.buttonId} (${LIMITS.rowId} in a list). Put a key into it instead of the data.`,
      )
    return id
  }
  return {
    prefix,
    id: (data) => join(data, () => null) as `${P}:${string}`,
    row: (slots) => join(slots, placeholder) as never,
    parse: (id) => parseFields(prefix, fields, names, id) as Shape<F> | null,
  }
}

/** One field of an id. Values filled into an id behind a `:` are encoded in the same way when a menu is rendered. */
export const encodeField = (text: string): string => encodeURIComponent(text.toWellFormed())

/** Whether a variable behind these words of an id fills a field (`slot:{{id}}`) rather than the whole of it. */
export const opensField = (before: string): boolean => before.includes(':')

const placeholder = (value: unknown): string | null => {
  const name = typeof value === 'string' ? /^\{\{([^{}]*)\}\}$/.exec(value)?.[1]?.trim() : undefined
  return name !== undefined && VARIABLE_NAME.test(name) ? `{{${name}}}` : null
}

const isWords = (field: unknown): field is readonly string[] => Array.isArray(field) && field.length > 0 && field.every((word) => typeof word === 'string')

function textOf(prefix: string, name: string, field: Field | undefined, value: unknown): string {
  if (field === 'int' && Number.isSafeInteger(value)) return String(value)
  if (field === 'string' && typeof value === 'string') return value
  if (isWords(field) && typeof value === 'string' && field.includes(value)) return value
  const wanted = field === 'int' ? 'a whole number' : field === 'string' ? 'a text' : `one of ${(field ?? []).join(', ')}`
  const found = typeof value === 'string' ? `"${value.slice(0, 40)}"` : typeof value === 'number' ? String(value) : value === null ? 'null' : typeof value
  throw invalid(name, `Reply id "${prefix}": ${name} is ${found}; it must be ${wanted}.`)
}

function parseFields(prefix: string, fields: Record<string, Field>, names: readonly string[], id: string): Record<string, unknown> | null {
  if (typeof id !== 'string' || !id.startsWith(`${prefix}:`)) return null
  const parts = id.slice(prefix.length + 1).split(':')
  if (parts.length !== names.length) return null
  const data: [string, unknown][] = []
  for (const [index, name] of names.entries()) {
    const text = decodeField(parts[index] ?? '')
    const field = fields[name]
    if (text === null || (isWords(field) && !field.includes(text))) return null
    if (field === 'int' && !(/^-?\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)))) return null
    data.push([name, field === 'int' ? Number(text) : text])
  }
  return Object.fromEntries(data)
}

function decodeField(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

const invalid = (path: string, message: string): WaError => new WaError('WA_OPTION_INVALID', message, [{ path, message }])
