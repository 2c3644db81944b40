import { statSync } from 'node:fs'
import type { StatusError } from '../model/event'
import { NOT_SENT } from '../model/message'
import { type Db, locationOf, type Query } from './database'
import { fromJson } from './rows'

/** Events that we make ourselves: they tell nothing of the provider. */
const OURS = ['handover', 'handback', 'opt_out', 'opt_in', 'menu_published']

/** When the newest event of a provider was stored for this business number; null when there is none. */
export async function lastHeardOf(query: Query, number: string): Promise<number | null> {
  const [row] = (await query('wa_events').where({ number }).whereNotIn('type', OURS).orderBy('id', 'desc').limit(1).select('created_at')) as {
    created_at: number | string
  }[]
  return row ? Number(row.created_at) : null
}

/** A message that could not be sent, and behind which nothing has left. */
export interface Stuck {
  status: 'queued' | 'failed'
  error: StatusError | null
  /** What the last try came to. */
  detail: string | null
}
/** The newest message of a number that was tried and is tried again, or failed since then. Null when there is none, or something left after it: then it is this message, not the way to the provider. */
export async function stuckOf(query: Query, number: string, since: number): Promise<Stuck | null> {
  const newest = async (status: Stuck['status']) => {
    const rows = query('wa_messages').where({ status, number }).where('attempts', '>', 0).where('created_at', '>', since)
    const [row] = (await rows.orderBy('id', 'desc').limit(1).select('id', 'error')) as { id: number | string; error: string | null }[]
    return row ? [{ status, id: Number(row.id), error: fromJson<StatusError>(row.error) }] : []
  }
  const [stuck] = [...(await newest('queued')), ...(await newest('failed'))].sort((a, b) => b.id - a.id)
  if (!stuck) return null
  const later = query('wa_messages').where({ number, direction: 'out' }).where('id', '>', stuck.id)
  const passed = await later
    .whereNotIn('status', [...NOT_SENT])
    .limit(1)
    .select('id')
  if (passed.length > 0) return null
  const details = await lastDetails(query, [stuck.id])
  return { status: stuck.status, error: stuck.error, detail: details.get(stuck.id) ?? null }
}

/** What became of each of these messages last, in the words of whoever tried. */
export async function lastDetails(query: Query, ids: readonly number[]): Promise<Map<number, string>> {
  if (ids.length === 0) return new Map()
  const newest = query('wa_message_history')
    .whereIn('message_id', [...ids])
    .whereNotNull('detail')
    .groupBy('message_id')
    .max({ id: 'id' })
  const rows = (await query('wa_message_history').whereIn('id', newest).select('message_id', 'detail')) as { message_id: number | string; detail: string }[]
  return new Map(rows.map((row) => [Number(row.message_id), row.detail]))
}

/** Bytes that the database takes; on sqlite with what has not been copied into its file. Null when nobody can tell. */
export async function sizeOf({ dialect, read }: Db): Promise<number | null> {
  if (dialect === 'sqlite') {
    const file = locationOf(read)
    const sizes = [file, `${file}-wal`].map((one) => statSync(one, { throwIfNoEntry: false })?.size ?? 0)
    return file === ':memory:' ? null : sizes.reduce((sum, size) => sum + size, 0)
  }
  const asked =
    dialect === 'postgres'
      ? read.select(read.raw('pg_database_size(current_database()) as bytes'))
      : read('information_schema.tables').whereRaw('table_schema = database()').select(read.raw('sum(data_length + index_length) as bytes'))
  const [row] = (await asked) as { bytes: number | string | null }[]
  return row?.bytes == null ? null : Number(row.bytes)
}
