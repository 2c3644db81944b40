import type { Page } from '../../store/rows'
import type { Exchange } from '../exchange'

/** More ids than a page of any list has are nobody's. */
const MOST = 100

/** The rows that somebody is looking at, as their page names them when it asks for itself again; none when a page is opened. */
export function shownOf(x: Exchange): number[] {
  const text = x.query.get('shown') ?? ''
  return /^\d{1,15}(\.\d{1,15})*$/.test(text) ? text.split('.').slice(0, MOST).map(Number) : []
}

/** A list as it stays under the eyes of its reader. */
export interface Held<Row> {
  rows: readonly Row[]
  /** Rows that would stand among these if the page was opened now. */
  fresh: number
  /** Where the list goes on; null at its end. */
  next: string | null
  /** For the address under which the page asks again. */
  shown: string | null
}

/**
 * Live news must not move a row under somebody's finger: those that were shown stay in their places, as they are by now, wherever they belong;
 * what came since is counted. `found`: the list as it is now, in pages of `size`; `known`: rows that are shown and no longer in it.
 */
export function holdStill<Row extends { id: number }>(found: Page<Row>, shown: readonly number[], known: ReadonlyMap<number, Row>, size: number): Held<Row> {
  const now = new Map([...known, ...found.items.map((row): [number, Row] => [row.id, row])])
  const rows = shown.flatMap((id) => now.get(id) ?? [])
  const last = rows.at(-1)
  if (last === undefined) return { rows: found.items, fresh: 0, next: found.next, shown: wordOf(found.items) }
  const others = found.items.filter((row) => !shown.includes(row.id))
  // Below a full page is the next page.
  const below = shown.length < size ? [] : others.filter((row) => row.id < last.id)
  return { rows, fresh: others.length - below.length, next: found.next !== null || below.length > 0 ? String(last.id) : null, shown: wordOf(rows) }
}

const wordOf = (rows: readonly { id: number }[]): string | null => (rows.length === 0 ? null : rows.map((row) => row.id).join('.'))
