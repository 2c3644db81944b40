import type { Schema, ValidationErrorItem } from 'joi'
import type { Fault } from '../../errors'
import { type About, clip, collectFaults, shown } from '../../model/fault'
import { didYouMean } from '../../model/suggest'

/** Nobody reads more, and looking for what was meant costs. */
const MOST = 200

/** All that a schema finds wrong, in our words: path, what was found, what is allowed, the way out. A text is never taken for a number, nor the other way round. */
export function faultsOf(schema: Schema, value: unknown): Fault[] {
  const { error } = schema.required().validate(value, { abortEarly: false, convert: false, errors: { render: false } })
  const { faults, report } = collectFaults()
  for (const detail of error?.details.slice(0, MOST) ?? []) {
    const path = pathOf(detail.path)
    const { what, ...about } = sentenceOf(detail, path === '' ? 'The body' : path)
    report(path, what, about)
  }
  return faults
}

/** `sections[0].rows[2].title`, the way the models write it. */
export const pathOf = (path: readonly (string | number)[]): string =>
  path.reduce<string>((before, step) => (typeof step === 'number' ? `${before}[${step}]` : before === '' ? clip(step) : `${before}.${clip(step)}`), '')

type Context = Record<string, unknown>
type Sentence = { what: string } & About

const kind = (path: string, value: unknown, expected: string): Sentence => ({
  what: value === undefined ? `${path} is missing.` : `${path} is ${shown(value)}; it must be ${expected}.`,
  actual: shown(value),
  limit: expected,
})
const most = (path: string, { limit, value }: Context, unit: string, actual: unknown = value): Sentence => ({
  what: `${path} has ${String(actual)} ${unit}; at most ${String(limit)}.`,
  actual,
  limit,
})

const SENTENCES: Record<string, (path: string, context: Context) => Sentence> = {
  'any.required': (path) => ({ what: `${path} is missing.`, actual: 'undefined', fix: 'Give it.' }),
  'any.only': (path, { valids, value }) => {
    const known = (valids as unknown[]).map(String)
    return {
      what: `${path} is ${shown(value)}.${typeof value === 'string' ? didYouMean(value, known).replace(/ Known: .*/, '') : ''}`,
      actual: shown(value),
      limit: known.join(' | '),
      fix: `Use ${known.length === 1 ? known[0] : `one of ${known.join(', ')}`}.`,
    }
  },
  'object.unknown': (_path, { child, known, apart }) => {
    if (apart !== undefined) return { what: `Field ${shown(child)} does not go with ${String(apart)}.`, actual: clip(String(child)) }
    const names = (known ?? []) as string[]
    return {
      what: `Unknown field ${shown(child)}.${didYouMean(String(child), names)}`,
      actual: clip(String(child)),
      limit: names.join(' | '),
      fix: names.length > 0 ? 'Correct it or leave it out.' : 'Leave it out.',
    }
  },
  'object.base': (path, { value }) => ({ ...kind(path, value, 'an object'), fix: 'Write { … }.' }),
  'object.length': (path, { limit, value }) => {
    const given = Object.keys(value as object)
    return {
      what: `${path} has ${given.length === 0 ? 'nothing in it' : given.map(clip).slice(0, 5).join(' and ')}; it has exactly ${String(limit)} field.`,
      actual: given.length,
      limit,
      fix: given.length === 0 ? 'Give one.' : 'Keep one of them.',
    }
  },
  'array.base': (path, { value }) => ({ ...kind(path, value, 'a list'), fix: 'Write [ … ].' }),
  'boolean.base': (path, { value }) => kind(path, value, 'true or false'),
  'number.base': (path, { value }) => kind(path, value, 'a number'),
  'number.integer': (path, { value }) => kind(path, value, 'a whole number'),
  'number.unsafe': (path) => ({ what: `${path} is a number too large to be exact.` }),
  'number.infinity': (path) => ({ what: `${path} is no number.` }),
  'number.min': (path, { limit, value }) => ({ what: `${path} is ${String(value)}; at least ${String(limit)}.`, actual: value, limit }),
  'number.max': (path, { limit, value }) => ({ what: `${path} is ${String(value)}; at most ${String(limit)}.`, actual: value, limit }),
  'string.base': (path, { value }) => kind(path, value, 'a text'),
  'string.empty': (path) => ({ what: `${path} is empty.`, actual: 0, fix: 'Write something.' }),
  'string.max': (path, context) => most(path, context, 'characters', String(context.value).length),
  'words.most': (path, context) => most(path, context, 'characters', context.length),
  'string.pattern.name': (path, { name, value }) => ({ what: `${path} is ${shown(value)}; it must be ${String(name)}.`, actual: shown(value), limit: name }),
}

function sentenceOf(detail: ValidationErrorItem, path: string): Sentence {
  const context = (detail.context ?? {}) as Context
  const sentence = Object.hasOwn(SENTENCES, detail.type) ? SENTENCES[detail.type] : undefined
  const said = sentence?.(path, context) ?? {
    what: `${path} is ${shown(context.value)}, and that fits nothing that could stand here.`,
    actual: shown(context.value),
  }
  return typeof context.fix === 'string' ? { ...said, fix: context.fix } : said
}
