import type { ErrorReport, ObjectSchema, Root, Schema, StringSchema } from 'joi'
import joi from 'joi'
import { codePoints } from '../../../model/limits'

interface WordsSchema extends StringSchema {
  /** At most so many characters, counted as WhatsApp counts them. */
  most(limit: number): this
}

/** joi, and `words()`: a text whose length is counted in code points, as JSON Schema and WhatsApp do; joi's own `max` counts an emoji twice. */
export const J = joi.extend((root) => ({
  type: 'words',
  base: root.string(),
  messages: { 'words.most': '{{#label}} is too long' },
  jsonSchema: (_schema: Schema, json: Record<string, unknown>) => ({ ...json, type: 'string', minLength: 1 }),
  rules: {
    most: {
      method(this: { $_addRule(rule: object): Schema }, limit: number) {
        return this.$_addRule({ name: 'most', args: { limit } })
      },
      args: ['limit'],
      validate(value: string, helpers: { error(code: string, local: object): unknown }, { limit }: { limit: number }) {
        const length = codePoints(value)
        return length > limit ? helpers.error('words.most', { limit, length }) : value
      },
      jsonSchema: (rule: { args: { limit: number } }, json: Record<string, unknown>) => ({ ...json, maxLength: rule.args.limit }),
    },
  },
})) as Root & { words(): WordsSchema }

/** Fields of a sister shape that do not go with field `from` of this one. */
export interface Apart {
  fields: readonly string[]
  from: string
  fix: string
}
type Unknown = ErrorReport & { local: { child?: string; known?: string[]; apart?: string; fix?: string } }

/** An object with these fields and no others; every fault about another one knows which there are. `near`: fields of a sister shape that may have been meant. */
export function shape(
  needed: Record<string, Schema>,
  optional: Record<string, Schema> = {},
  { near = [], apart }: { near?: readonly string[]; apart?: Apart } = {},
): ObjectSchema {
  const known = [...Object.keys(needed), ...Object.keys(optional), ...near]
  return J.object({ ...Object.fromEntries(Object.entries(needed).map(([name, schema]) => [name, schema.required()])), ...optional }).error((errors) => {
    for (const error of errors as Unknown[]) {
      // Children come first: what has no names yet is about this object.
      if (error.code !== 'object.unknown' || error.local.known) continue
      error.local.known = known
      if (apart?.fields.includes(error.local.child ?? '')) Object.assign(error.local, { apart: apart.from, fix: apart.fix })
    }
    return errors
  })
}

/** The same, with its own way out for whoever gets it wrong. */
export const advised = <S extends Schema>(schema: S, fix: string): S =>
  schema.error((errors) => {
    for (const error of errors as (ErrorReport & { local: { fix?: string } })[]) error.local.fix ??= fix
    return errors
  }) as S

/** A text that may be empty. */
export const text = (): StringSchema => J.string().allow('')
export const orNull = (schema: Schema): Schema => J.alternatives(schema, J.valid(null))
export const listOf = (item: Schema): Schema => J.array().items(item)

/** Ids are opaque to callers; ours are row numbers. */
export const ID = /^[1-9]\d{0,14}$/
export const id = (): StringSchema => J.string().pattern(ID, { name: 'an id as this API gave it' })
export const count = (): Schema => J.number().integer().min(0)
/** `2026-03-01T12:00:00.000Z` */
export const moment = (): Schema => J.string().isoDate()
export const at = (ms: number): string => new Date(ms).toISOString()
export const atOrNull = (ms: number | null): string | null => (ms === null ? null : at(ms))

/** What goes into a column or a comparison: PostgreSQL refuses NUL, and no name has a line break in it. */
export const name = (longest: number): StringSchema =>
  J.string()
    .max(longest)
    .pattern(/^[^\p{Cc}]+$/u, { name: `a text of at most ${longest} characters on one line` })

/** Every list: newest first, `next` goes on behind the last one, null at the end. */
export const pageOf = (item: Schema): ObjectSchema =>
  shape({
    items: listOf(item).description('Newest first.'),
    next: orNull(J.string()).description('Pass it as `after` for the next page; null at the end.'),
  })

export const LIMIT = { usual: 50, most: 200 } as const
export const paging = {
  limit: J.number().integer().min(1).max(LIMIT.most).default(LIMIT.usual).description(`Items on a page, ${LIMIT.usual} unless told, at most ${LIMIT.most}.`),
  after: id().description('`next` of the page before.'),
}
export interface Paging {
  limit: number
  after?: string
}
export const numberFilter = { number: name(64).description('Only this business number; its name in option `numbers`.') }
