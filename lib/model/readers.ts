import { clip, firstOf, type Report, shown } from './fault'
import { didYouMean } from './suggest'

/** Checks a value and gives a clean copy of it. */
export type Reader = (value: unknown, path: string, report: Report) => unknown

/** Items of a list that are looked at; nothing in a menu takes as many. */
const LOOKED_AT = 100

export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

export const text: Reader = (value, path, report) => {
  if (typeof value === 'string') return value
  report(path, value === undefined ? `${path} is missing.` : `${path} is ${shown(value)}; it must be a text.`, {
    actual: shown(value),
    limit: 'text',
    fix: value === null ? 'Leave it out instead.' : 'Write a text.',
  })
  return ''
}

export const scalar: Reader = (value, path, report) => {
  if (typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))) return value
  report(path, `${path} is ${shown(value)}; it must be a text or a number.`, { actual: shown(value), limit: 'text | number' })
  return ''
}

export const word =
  (words: readonly string[]): Reader =>
  (value, path, report) => {
    if (typeof value === 'string' && words.includes(value)) return value
    report(path, `${path} is ${shown(value)}.`, { actual: shown(value), limit: words.join(' | '), fix: `Use ${words.join(' or ')}.` })
    return words[0]
  }

export const listOf =
  (item: Reader): Reader =>
  (value, path, report) => {
    if (!Array.isArray(value)) {
      report(path, value === undefined ? `${path} is missing.` : `${path} is ${shown(value)}; it must be a list.`, {
        actual: shown(value),
        limit: 'list',
        fix: 'Write [ … ].',
      })
      return []
    }
    if (value.length > LOOKED_AT) tooMany(path, value.length, report)
    return firstOf(value, LOOKED_AT).map((one, index) => item(one, `${path}[${index}]`, report))
  }

/** An object with these fields and no others. Fields that are undefined count as left out. */
export const object = (what: string, needed: Record<string, Reader>, optional: Record<string, Reader> = {}): Reader => {
  const fields = { ...needed, ...optional }
  const musts = Object.entries(needed)
  return (value, path, report) => {
    if (!isObject(value)) {
      report(path, value === undefined ? `${path} is missing.` : `${path} is ${shown(value)}; it must be ${what}.`, {
        actual: shown(value),
        limit: 'object',
        fix: 'Write { … }.',
      })
      return Object.fromEntries(musts.map(([name, read]) => [name, read === text ? '' : []]))
    }
    const clean: [string, unknown][] = []
    for (const name of Object.keys(value)) {
      const read = Object.hasOwn(fields, name) ? fields[name] : undefined
      if (!read) {
        report(join(path, clip(name)), `Unknown field ${shown(name)} in ${what}.${didYouMean(name, Object.keys(fields))}`, {
          actual: clip(name),
          limit: Object.keys(fields).join(' | '),
          fix: 'Correct it or leave it out.',
        })
      } else if (value[name] !== undefined) clean.push([name, read(value[name], join(path, name), report)])
    }
    for (const [name, read] of musts) if (value[name] === undefined) clean.push([name, read(undefined, join(path, name), report)])
    return Object.fromEntries(clean)
  }
}

/** Any names, one kind of value. The names are checked with the words. */
export const recordOf =
  (item: Reader): Reader =>
  (value, path, report) => {
    if (!isObject(value)) {
      report(path, `${path} is ${shown(value)}; it must be an object.`, { actual: shown(value), limit: 'object', fix: 'Write { name: { sample: "Asha" } }.' })
      return {}
    }
    return Object.fromEntries(fieldsOf(value, path, report).map(([name, one]) => [name, item(one, join(path, clip(name)), report)]))
  }

/** JSON of the wire that we pass on. Deeper than a template can be is refused: it would be walked for ever. */
export const json: Reader = (value, path, report) => copy(value, path, report, 0)
const DEEPEST = 12

function copy(value: unknown, path: string, report: Report, depth: number): unknown {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null || (typeof value === 'number' && Number.isFinite(value))) return value
  const known = Array.isArray(value) || isObject(value)
  if (!known || depth === DEEPEST) {
    report(path, known ? `${path} is nested more than ${DEEPEST} levels deep.` : `${path} is ${shown(value)}; that is no JSON.`, { actual: shown(value) })
    return null
  }
  if (Array.isArray(value)) return listOf((one, at, tell) => copy(one, at, tell, depth + 1))(value, path, report)
  return Object.fromEntries(fieldsOf(value, path, report).map(([name, one]) => [name, copy(one, join(path, clip(name)), report, depth + 1)]))
}

function fieldsOf(value: object, path: string, report: Report): [string, unknown][] {
  const fields = Object.entries(value).filter(([, one]) => one !== undefined)
  if (fields.length > LOOKED_AT) tooMany(path, fields.length, report)
  return fields.slice(0, LOOKED_AT)
}

const tooMany = (path: string, found: number, report: Report): void =>
  report(path, `${path} has ${found} items; only the first ${LOOKED_AT} were checked.`, { actual: found, limit: LOOKED_AT, fix: 'Remove some.' })
