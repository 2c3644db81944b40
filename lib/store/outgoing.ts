import type { Db, Query } from './database'
import { insertHistories } from './history'
import { CLOCK } from './lease'
import { type MessageRow, type RawMessage, readMessage } from './messages'

/** A message that was claimed, with all that is needed to let it leave: nothing is asked for one by one. */
export interface Outgoing {
  message: MessageRow
  /** Null when the contact is gone. */
  to: { phone: string | null; bsuid: string | null } | null
  lastInboundAt: number | null
  /** Provider id of the message it quotes. */
  quoted: string | null
}

export interface Due {
  id: number
  number: string
}

/** Messages that may leave now, oldest first, one per conversation; those of some numbers are passed over. */
export async function dueOutgoing(db: Db, limit: number, now: number, without: readonly string[]): Promise<Due[]> {
  const due = db.write('wa_messages as m').where('m.status', 'queued').where('m.next_at', '<=', now)
  if (without.length > 0) due.whereNotIn('m.number', [...without])
  due.whereNotExists(
    db
      .write('wa_messages as o')
      .select(db.write.raw('1'))
      .whereRaw('o.conversation_id = m.conversation_id')
      .whereRaw('o.id < m.id')
      .whereRaw('o.next_at is not null'),
  )
  const rows = (await due.orderBy('m.id').limit(limit).select('m.id', 'm.number')) as { id: number | string; number: string }[]
  return rows.map(({ id, number }) => ({ id: Number(id), number }))
}

/** Takes those of these that nobody took, and marks them `sending` before any request is made. A compare-and-set per row: of two instances one wins, on every engine. */
export async function claimOutgoing(db: Db, ids: readonly number[], token: string, now: number, leaseMs: number): Promise<Outgoing[]> {
  return db.tx(async (trx) => {
    await trx('wa_messages')
      .whereIn('id', [...ids])
      .where({ status: 'queued' })
      .update({ status: 'sending', lease_until: trx.raw(`${CLOCK[db.dialect]} + ?`, [leaseMs]), lease_token: token, attempts: trx.raw('attempts + 1') })
    const claimed = await claimedBy(trx, ids, token)
    await insertHistories(
      trx,
      claimed.map(({ message }) => ({ messageId: message.id, status: 'sending', at: now })),
    )
    return claimed
  })
}

type Row = RawMessage & {
  to_id: number | string | null
  to_phone: string | null
  to_bsuid: string | null
  last_inbound_at: number | string | null
  quoted: string | null
}

async function claimedBy(trx: Query, ids: readonly number[], token: string): Promise<Outgoing[]> {
  const rows = (await trx('wa_messages as m')
    .leftJoin('wa_conversations as v', 'v.id', 'm.conversation_id')
    .leftJoin('wa_contacts as c', 'c.id', 'v.contact_id')
    .leftJoin('wa_messages as q', 'q.id', 'm.reply_to')
    .whereIn('m.id', [...ids])
    .where({ 'm.status': 'sending', 'm.lease_token': token })
    .orderBy('m.id')
    .select(
      'm.*',
      'c.id as to_id',
      trx.raw('coalesce(c.wa_phone, c.phone) as to_phone'),
      'c.bsuid as to_bsuid',
      'v.last_inbound_at',
      'q.provider_id as quoted',
    )) as Row[]
  return rows.map(({ to_id, to_phone, to_bsuid, last_inbound_at, quoted, ...message }) => ({
    message: readMessage(message as RawMessage),
    to: to_id === null ? null : { phone: to_phone, bsuid: to_bsuid },
    lastInboundAt: last_inbound_at === null ? null : Number(last_inbound_at),
    quoted,
  }))
}
