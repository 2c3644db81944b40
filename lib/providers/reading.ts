import type { Incoming, IncomingUnrecognised } from '../model/event'

/** Levels of nesting that a real item never has; a deeper one is kept as text and not walked through. */
const MAX_DEPTH = 64
/** Characters of an id of the wire. Meta's are under 200. */
const MAX_ID = 1024

/** Reading JSON that strangers wrote: nothing here throws, and no inherited property is ever read. */
export function field(of: unknown, ...path: readonly string[]): unknown {
  let value = of
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}
export const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Text that every database stores: no NUL, no half of a surrogate pair. Null when it is no text or empty. */
export const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? clean(value) : null)
export const clean = (text: string): string => text.toWellFormed().replaceAll('\u0000', '\uFFFD')

/** A short text for a person (a name, a type), cut at `max` characters. */
export function labelOf(value: unknown, max = 190): string | null {
  const text = textOf(value)?.trim()
  if (!text) return null
  // Characters are never more than the units they are written in: what is short in those need not be taken apart.
  return text.length <= max ? text : [...text.slice(0, 2 * max)].slice(0, max).join('')
}

/** An id: text or a number. Null when empty or too long: a cut id would be another one. */
export function idOf(value: unknown, max = MAX_ID): string | null {
  const id = typeof value === 'number' && Number.isFinite(value) ? String(value) : textOf(value)
  return id !== null && id.length <= max ? id : null
}

/** Our correlation word comes back as it left. A longer one belongs to another system on the same number. */
export const refOf = (value: unknown): string | null => idOf(value, 64)

/** A finite number, also when it was written as text. */
export function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^\s*[-+]?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : null
}

/**
 * A time of the wire as ms since epoch: unix seconds as text or number (Meta), or ISO 8601 with its offset (Exotel).
 * A time without an offset could be anybody's: null.
 */
export function timeOf(value: unknown): number | null {
  const digits = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : ''
  if (/^\d{9,10}$/.test(digits)) return Number(digits) * 1000
  if (/^\d{12,13}$/.test(digits)) return Number(digits)
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d.{0,12}(Z|[+-]\d\d:?\d\d)$/.test(digits)) return null
  const at = Date.parse(digits)
  return Number.isNaN(at) ? null : at
}

/** The JSON of a body; undefined when it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
}

export const unrecognised = (what: string, raw: string, dedupe: string | null = null): IncomingUnrecognised => ({
  kind: 'unrecognised',
  what: labelOf(what) ?? 'unknown',
  raw,
  dedupe,
  at: null,
})

/** Reads one item of a body `whole`. What goes wrong with it stays with it: it comes back as `unrecognised`. */
export function readItem(item: unknown, whole: string, read: (item: unknown, raw: string) => Incoming): Incoming {
  // JSON.stringify overflows the stack where JSON.parse did not: a deep item is kept as the text of the body.
  if (isDeeperThan(MAX_DEPTH, item)) return unrecognised(`nested deeper than ${MAX_DEPTH} levels`, whole)
  const raw = JSON.stringify(item) ?? 'null'
  try {
    return read(item, raw)
  } catch {
    return unrecognised('could not be read', raw)
  }
}

export function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  for (const name in value) if (Object.hasOwn(value, name) && isDeeperThan(levels - 1, (value as Record<string, unknown>)[name])) return true
  return false
}

/** Every event once: providers repeat items within one POST. Items without an id are told apart by their text. */
export function once(found: Incoming[]): Incoming[] {
  if (found.length < 2) return found
  const keys = new Set<string>()
  const texts = new Set<string>()
  return found.filter(({ dedupe, raw }) => {
    const seen = dedupe === null ? texts : keys
    const key = dedupe ?? raw
    return !seen.has(key) && seen.add(key)
  })
}
