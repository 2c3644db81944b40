import { hash, randomUUID } from 'node:crypto'
import type { Knex } from 'knex'
import { WaError } from '../errors'
import type { Dialect, Query } from './database'

/** sha256 as 64 hex digits. Unique keys are hashed: raw ids collide or are cut under some collations. */
export const hashOf = (text: string): string => hash('sha256', text, 'hex')

/** 132 bits of it as 22 letters: for keys that stand in every row and its index. */
export const shortHashOf = (text: string): string => hash('sha256', text, 'base64url' as 'base64').slice(0, 22)

/** An unguessable word of 22 letters and digits, 122 bits, for correlation and leases. (Node draws the bits of many UUIDs at once; 16 bytes by themselves take ten times as long.) */
export const randomRef = (): string => Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url').replaceAll('-', 'x').replaceAll('_', 'y')

/**
 * Inserts a row unless one with the same unique key is there. Answers the new id, or null for the loser.
 * `unique` is a column, or a partial index as SQL. One statement decides, so two instances cannot both win. (MySQL's INSERT IGNORE would also cut long values: there the error is caught.)
 */
export async function insertOnce(query: Query, dialect: Dialect, table: string, row: object, unique: string): Promise<number | null> {
  if (dialect === 'mysql') {
    try {
      const [id] = await query(table).insert(row)
      return Number(id)
    } catch (error) {
      if ((error as { code?: string }).code === 'ER_DUP_ENTRY') return null
      throw error
    }
  }
  const conflict = query(table).insert(row)
  const rows = await (unique.startsWith('(') ? conflict.onConflict(query.raw(unique)) : conflict.onConflict(unique)).ignore().returning('id')
  return rows.length > 0 ? Number((rows[0] as { id: number | string }).id) : null
}

/** Inserts a row and answers its id, on every engine. */
export async function insertRow(query: Query, dialect: Dialect, table: string, row: object): Promise<number> {
  if (dialect === 'mysql') return Number((await query(table).insert(row))[0])
  const rows = await query(table).insert(row).returning('id')
  return Number((rows[0] as { id: number | string }).id)
}

/** Something moved under this transaction: it is done once more from the start. (The code is that of a serialization failure, which `db.tx` repeats.) */
export const onceMore = (message: string): Error => Object.assign(new Error(message), { code: '40001' })

/** bigint columns come back as strings from PostgreSQL: numbers again, at this edge and nowhere else. */
export function numeric<T extends object>(row: T, columns: readonly (keyof T)[]): T {
  for (const column of columns) {
    const value = row[column]
    if (typeof value === 'string' || typeof value === 'bigint') row[column] = Number(value) as T[keyof T]
  }
  return row
}

/** JSON kept in text columns is ours: written by us, parsed by us. */
export const fromJson = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T))
export const toJson = (value: unknown): string | null => (value === null || value === undefined ? null : JSON.stringify(value))

/** Bytes of a text column of MariaDB, and the limit on every engine. Without a strict sql_mode MariaDB cuts there and says nothing. */
const TEXT_BYTES = 65_535

/** JSON of what a host keeps in a text column. Throws WA_REQUEST_INVALID when it does not fit; `path` says what it is to the host. */
export function toShortJson(path: string, value: unknown): string | null {
  const json = toJson(value)
  const bytes = json === null ? 0 : Buffer.byteLength(json)
  if (bytes <= TEXT_BYTES) return json
  const fix = 'Keep it in a table of yours, and its key here.'
  const message = `${path} takes ${bytes} bytes as JSON; at most ${TEXT_BYTES}. ${fix}`
  throw new WaError('WA_REQUEST_INVALID', message, [{ path, message, actual: bytes, limit: TEXT_BYTES, fix }])
}

/** Text that every engine stores as it is: no lone surrogates, no NUL. */
export const storable = (text: string): string => text.toWellFormed().replaceAll('\u0000', '\uFFFD')

/** Names come from strangers: kept as they are, but never longer than a page can bear, and never cut through a character. */
export const short = (text: string | null): string | null => (text === null ? null : [...storable(text).slice(0, 400)].slice(0, 190).join('').toWellFormed())

/** Text within a pattern of LIKE, where every sign means itself: `like ? escape '!'`. */
export const literally = (text: string): string => storable(text).replaceAll(/[!%_]/g, '!$&')

/** Rows up to an id, only of these business numbers when they are given: what somebody saw when they decided about all of it. */
export interface UpTo {
  upTo: number
  numbers: readonly string[] | undefined
}
/** Narrows a query to them; without `upTo` to the numbers alone. */
export function within(rows: Knex.QueryBuilder, { upTo, numbers }: Partial<UpTo>): void {
  if (upTo !== undefined) rows.where('id', '<=', upTo)
  if (numbers !== undefined) rows.whereIn('number', [...numbers])
}

/** A page of a list, newest first. `next` continues after the last item; null at the end. */
export interface Page<T> {
  items: T[]
  next: string | null
}
export interface PageRequest {
  limit: number
  /** Opaque to callers: the id after which to go on. */
  after?: string | undefined
}

/** Keyset paging by id, newest first: no OFFSET, and no row is lost when others arrive meanwhile. */
export async function pageById<R extends { id: number }, T>(
  query: Knex.QueryBuilder,
  request: PageRequest,
  read: (row: R) => T,
  column = 'id',
): Promise<Page<T>> {
  if (request.after !== undefined) query.where(column, '<', Number(request.after))
  const rows = (await query.orderBy(column, 'desc').limit(request.limit + 1)) as R[]
  const more = rows.length > request.limit
  const shown = more ? rows.slice(0, request.limit) : rows
  const last = shown.at(-1)
  return { items: shown.map(read), next: more && last ? String(last.id) : null }
}
