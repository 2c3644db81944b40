import type { Status } from '../model/message'
import type { Query } from './database'
import { numeric, storable } from './rows'

export interface HistoryRow {
  id: number
  message_id: number
  status: Status
  at: number
  detail: string | null
  caused_by: string | null
}
export async function insertHistory(trx: Query, messageId: number, status: Status, at: number, detail: string | null, causedBy: string | null): Promise<void> {
  await trx('wa_message_history').insert({
    message_id: messageId,
    status,
    at,
    detail: detail === null ? null : storable(detail).slice(0, 1000),
    caused_by: causedBy,
  })
}
/** Of many messages at once. */
export async function insertHistories(
  trx: Query,
  steps: readonly { messageId: number; status: Status; at: number; detail?: string; causedBy?: string }[],
): Promise<void> {
  const rows = steps.map(({ messageId, status, at, detail = null, causedBy = null }) => ({ message_id: messageId, status, at, detail, caused_by: causedBy }))
  for (let from = 0; from < rows.length; from += 400) await trx('wa_message_history').insert(rows.slice(from, from + 400))
}
export async function historyOf(query: Query, messageId: number): Promise<HistoryRow[]> {
  const rows = (await query('wa_message_history').where({ message_id: messageId }).orderBy('id')) as HistoryRow[]
  return rows.map((row) => numeric(row, ['id', 'message_id', 'at']))
}
