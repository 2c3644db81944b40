import type { ObjectSchema } from 'joi'
import { type Fault, type WaCode, WaError } from '../../errors'
import { clip, sentences, shown } from '../../model/fault'
import { isObject } from '../../model/readers'
import { readJson } from '../body'
import type { Exchange } from '../exchange'
import { faultsOf } from './faults'
import type { ApiRoute, Asked, Body } from './route'
import { ID, shape } from './schemas/shape'

/** Reads query, headers and body. Throws with every fault of all three at once. */
export async function readAsked(x: Exchange, route: ApiRoute): Promise<Asked> {
  const query = queryOf(x, route.query ?? NOTHING)
  const headers = headersOf(x, route.headers ?? {})
  const body = route.body ? await bodyOf(x, route.body) : { value: undefined, faults: [], code: null }
  const faults = [...query.faults, ...headers.faults, ...body.faults]
  if (faults.length === 0) return { query: query.value, headers: headers.value, body: body.value }
  throw new WaError(faults.length === body.faults.length && body.code !== null ? body.code : 'WA_REQUEST_INVALID', sentences(faults), faults)
}

/** The `:id` of an address; what cannot be one is not found. */
export function idOf(x: Exchange, what: string): number {
  const id = x.params.id ?? ''
  if (!ID.test(id)) throw notFound(what, id)
  return Number(id)
}

export const notFound = (what: string, id: string): WaError => new WaError('WA_NOT_FOUND', `There is no ${what} ${shown(id)}.`)

const NOTHING = shape({})

interface Read<T> {
  value: T
  faults: readonly Fault[]
}

/** A query is text: digits become a number, and `true` and `false` what they say, only where the schema wants that. The same name twice is a list, and refused. */
function queryOf(x: Exchange, schema: ObjectSchema): Read<Record<string, unknown>> {
  const wanted = schema.describe().keys as Record<string, { type: string }> | undefined
  const given = [...new Set(x.query.keys())].map((name): [string, unknown] => {
    const values = x.query.getAll(name)
    const type = wanted !== undefined && Object.hasOwn(wanted, name) ? wanted[name]?.type : undefined
    return [name, values.length === 1 ? typed(values[0] ?? '', type) : values]
  })
  const value = Object.fromEntries(given)
  const faults = [...oddities(value), ...faultsOf(schema, value)]
  return { value: faults.length > 0 ? {} : (schema.validate(value, { convert: false }).value as Record<string, unknown>), faults }
}

function typed(text: string, type: string | undefined): unknown {
  if (type === 'number' && /^\d{1,9}$/.test(text)) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

function headersOf(x: Exchange, schemas: NonNullable<ApiRoute['headers']>): Read<Record<string, string>> {
  const faults: Fault[] = []
  const value: Record<string, string> = {}
  for (const [name, schema] of Object.entries(schemas)) {
    const given = x.req.headers[name.toLowerCase()]
    if (given === undefined) continue
    value[name] = String(given)
    faults.push(...faultsOf(schema, value[name]).map((fault) => ({ ...fault, path: name, message: fault.message.replace(/^The body/, name) })))
  }
  return { value, faults }
}

async function bodyOf(x: Exchange, body: Body): Promise<Read<unknown> & { code: WaCode | null }> {
  const value = body.optional && isEmpty(x) ? {} : await readJson(x.req)
  const odd = oddities(value)
  if (odd.length > 0) return { value, faults: odd, code: null }
  const explained = (body.explain ?? [])
    .filter(({ at }) => at === '' || (isObject(value) && Object.hasOwn(value, at)))
    .map(({ at, code, faults }) => ({ at, code, faults: faults(at === '' ? value : (value as Record<string, unknown>)[at], x) }))
    .filter(({ faults }) => faults.length > 0)
  const others = faultsOf(body.schema, value).filter(({ path }) => !explained.some(({ at }) => isWithin(path, at)))
  const [only] = explained
  return {
    value,
    faults: [...others, ...explained.flatMap(({ faults }) => faults)],
    code: explained.length === 1 && others.length === 0 && only ? only.code : null,
  }
}

const isEmpty = (x: Exchange): boolean =>
  x.req.headers['transfer-encoding'] === undefined && Number(x.req.headers['content-length'] ?? 0) === 0 && x.req.rawBody === undefined

const isWithin = (path: string, at: string): boolean => at === '' || path === at || path.startsWith(`${at}.`) || path.startsWith(`${at}[`)

/** Nothing we take is as deep or as wide; both would be walked again and again. */
const DEEPEST = 32
const WIDEST = 10_000

/** `__proto__` as a field, and JSON that is too deep or too wide: looked at before anybody else does, without recursion. */
function oddities(value: unknown): Fault[] {
  const faults: Fault[] = []
  const open: { value: object; path: string; depth: number }[] = typeof value === 'object' && value !== null ? [{ value, path: '', depth: 1 }] : []
  let seen = 0
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const [name, inner] of Object.entries(at.value)) {
      const path = Array.isArray(at.value) ? `${at.path}[${name}]` : at.path === '' ? clip(name) : `${at.path}.${clip(name)}`
      if (++seen > WIDEST) return [fault('', `The body has more than ${WIDEST} values.`, WIDEST, 'Send less at once.')]
      if (name === '__proto__') faults.push(fault(path, 'A field cannot be named "__proto__".', undefined, 'Leave it out.'))
      if (typeof inner !== 'object' || inner === null) continue
      if (at.depth >= DEEPEST) return [fault(path.slice(0, 120), `The body is nested more than ${DEEPEST} levels deep.`, DEEPEST, 'Send it flatter.')]
      open.push({ value: inner, path, depth: at.depth + 1 })
    }
  }
  return faults.slice(0, 20)
}

const fault = (path: string, what: string, limit: unknown, fix: string): Fault => ({
  path,
  message: `${what} ${fix}`,
  ...(limit === undefined ? {} : { limit }),
  fix,
})
