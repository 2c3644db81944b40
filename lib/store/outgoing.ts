import type { Db, Query } from './database'
import { insertHistories } from './history'
import { CLOCK } from './lease'
import { CLAIM_POSTGRES, DUE_POSTGRES } from './leaving-postgres'
import { CLAIM_SQLITE, DUE_SQLITE } from './leaving-sqlite'
import type { MessageRow } from './messages'
import { onConnection } from './prepared'
import { fromJson, numeric } from './rows'

/** Of a message what is needed to let it leave, and to write down what became of it. */
export type LeavingMessage = Pick<
  MessageRow,
  'id' | 'number' | 'conversation_id' | 'type' | 'ref' | 'menu_key' | 'menu_version' | 'variables' | 'error' | 'expires_at' | 'attempts' | 'lease_token'
> & {
  /** The SentMessage as JSON: most messages leave without that it is read. Null once it is erased. */
  json: string | null
}

/** A message that was claimed, with all that is needed to let it leave: nothing is asked for one by one. */
export interface Outgoing {
  message: LeavingMessage
  /** Null when the contact is gone. */
  to: { phone: string | null; bsuid: string | null } | null
  lastInboundAt: number | null
  /** Provider id of the message it quotes. */
  quoted: string | null
}

/** Messages of one business number that are due. */
export interface Due {
  number: string
  /** Ascending. */
  ids: number[]
}

/** Messages that may leave now, the oldest `limit`, one per conversation; those of some numbers are passed over. */
export async function dueOutgoing(db: Db, limit: number, now: number, without: readonly string[]): Promise<Due[]> {
  if (db.dialect === 'mysql') return dueByKnex(db, limit, now, without)
  const due = db.dialect === 'sqlite' ? DUE_SQLITE : DUE_POSTGRES
  const rows = await onConnection(db.write, (run) => run<{ number: string; ids: string }>(due, [now, JSON.stringify(without), limit]))
  return rows.map(({ number, ids }) => ({ number, ids: (JSON.parse(ids) as number[]).sort((a, b) => a - b) }))
}

async function dueByKnex(db: Db, limit: number, now: number, without: readonly string[]): Promise<Due[]> {
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
  const numbers = new Map<string, number[]>()
  for (const { id, number } of rows) numbers.set(number, [...(numbers.get(number) ?? []), Number(id)])
  return [...numbers].map(([number, ids]) => ({ number, ids }))
}

/**
 * Takes those of these that nobody took, and marks them `sending` before any request is made. A compare-and-set per row: of two instances one wins, on
 * every engine. In the order of their ids.
 */
export async function claimOutgoing(db: Db, ids: readonly number[], token: string, now: number, leaseMs: number): Promise<Outgoing[]> {
  if (db.dialect === 'mysql') return (await db.tx((trx) => claimByKnex(trx, db, ids, token, now, leaseMs))).map(outgoingOf)
  const claim = db.dialect === 'sqlite' ? CLAIM_SQLITE : CLAIM_POSTGRES
  const rows = await onConnection(db.write, (run) => run<{ head: string; payload: string | null }>(claim, [JSON.stringify(ids), token, leaseMs, now]))
  return rows.map(({ head, payload }) => outgoingOf({ ...(JSON.parse(head) as Head), payload })).sort((a, b) => a.message.id - b.message.id)
}

type Head = Omit<LeavingMessage, 'json' | 'variables' | 'error'> & {
  variables: string | null
  error: string | null
  to_id: number | null
  to_phone: string | null
  to_bsuid: string | null
  last_inbound_at: number | null
  quoted: string | null
}
type Claimed = Head & { payload: string | null }

const outgoingOf = ({ to_id, to_phone, to_bsuid, last_inbound_at, quoted, payload, variables, error, ...message }: Claimed): Outgoing => ({
  message: { ...message, json: payload, variables: fromJson(variables), error: fromJson(error) },
  to: to_id === null ? null : { phone: to_phone, bsuid: to_bsuid },
  lastInboundAt: last_inbound_at,
  quoted,
})

/** MySQL has no UPDATE … RETURNING. */
async function claimByKnex(trx: Query, db: Db, ids: readonly number[], token: string, now: number, leaseMs: number): Promise<Claimed[]> {
  await trx('wa_messages')
    .whereIn('id', [...ids])
    .where({ status: 'queued' })
    .update({ status: 'sending', lease_until: trx.raw(`${CLOCK[db.dialect]} + ?`, [leaseMs]), lease_token: token, attempts: trx.raw('attempts + 1') })
  const rows = (await trx('wa_messages as m')
    .leftJoin('wa_conversations as v', 'v.id', 'm.conversation_id')
    .leftJoin('wa_contacts as c', 'c.id', 'v.contact_id')
    .leftJoin('wa_messages as q', 'q.id', 'm.reply_to')
    .whereIn('m.id', [...ids])
    .where({ 'm.status': 'sending', 'm.lease_token': token })
    .orderBy('m.id')
    .select(
      ...[
        'id',
        'number',
        'conversation_id',
        'type',
        'payload',
        'ref',
        'menu_key',
        'menu_version',
        'variables',
        'error',
        'expires_at',
        'attempts',
        'lease_token',
      ].map((column) => `m.${column}`),
      'c.id as to_id',
      trx.raw('coalesce(c.wa_phone, c.phone) as to_phone'),
      'c.bsuid as to_bsuid',
      'v.last_inbound_at',
      'q.provider_id as quoted',
    )) as Claimed[]
  await insertHistories(
    trx,
    rows.map(({ id }) => ({ messageId: Number(id), status: 'sending', at: now })),
  )
  return rows.map((row) => numeric(row, ['id', 'conversation_id', 'menu_version', 'expires_at', 'attempts', 'to_id', 'last_inbound_at']))
}
