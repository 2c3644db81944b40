import type { Fault } from '../errors'

/** Nobody reads more; a hostile body must not make a million. */
const MOST = 200

export interface About {
  actual?: unknown
  limit?: unknown
  /** The way out, as an instruction; it ends the message too. */
  fix?: string
}
/** Collects faults: what happened, to which thing, what was expected, then what to do. */
export type Report = (path: string, what: string, about?: About) => void

export function collectFaults(): { faults: Fault[]; report: Report } {
  const faults: Fault[] = []
  const report: Report = (path, what, about = {}) => {
    if (faults.length < MOST) faults.push({ path, message: about.fix ? `${what} ${about.fix}` : what, ...about })
  }
  return { faults, report }
}

/** A value in a message: short, on one line, in quotes when it is a text. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `"${clip(value)}"`
  if (value === null || value === undefined || typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** At most 60 characters, line breaks as spaces. */
export function clip(text: string): string {
  const points = [...text.slice(0, 140)]
  const line = points.slice(0, 60).join('').replaceAll(/\s+/g, ' ')
  return points.length > 60 || text.length > 140 ? `${line}…` : line
}

export const capital = (words: string): string => words.slice(0, 1).toUpperCase() + words.slice(1)

/** All messages in one, for an error: the first ten, and how many more there are. */
export const sentences = (faults: readonly Fault[]): string =>
  `${faults
    .slice(0, 10)
    .map((fault) => fault.message)
    .join(' ')}${faults.length > 10 ? ` And ${faults.length - 10} more.` : ''}`

/** The first items of a list, without trusting its methods: a host may have put fields of its own on it. */
export const firstOf = (list: readonly unknown[], most: number): unknown[] => Array.from({ length: Math.min(list.length, most) }, (_, index) => list[index])
