import type { Db, Query } from './database'
import { type Settlement, settleWithin } from './departures'
import { insertHistories } from './history'
import { type MessageRow, providerKey } from './messages'

/** What became of one claimed message. */
export interface Settled {
  message: MessageRow
  settlement: Settlement
}
export interface SettledAs {
  /** The lease was still held. */
  mine: boolean
  /** Statuses that had waited for the id. */
  released: number
}

/**
 * Records what became of many messages with one commit. Those that were accepted, which is nearly all of them, share their statements; every other is
 * settled as if it were alone. All or nothing: when it throws, each can be settled alone.
 */
export async function settleTogether(db: Db, settled: readonly Settled[], now: number): Promise<SettledAs[]> {
  return db.tx(async (trx) => {
    await lockConversations(trx, db, settled)
    const taken = await acceptAll(trx, db, settled)
    const accepted = settled.filter(({ message }) => taken.has(message.id))
    await insertHistories(
      trx,
      accepted.map(({ message, settlement }) => ({ messageId: message.id, status: settlement.status, at: now })),
    )
    const awaited = await awaitedKeys(trx, accepted)
    const found: SettledAs[] = []
    for (const one of settled) {
      const key = one.settlement.providerId === undefined ? '' : providerKey(one.message.number, one.settlement.providerId)
      found.push(
        taken.has(one.message.id) && !awaited.has(key)
          ? { mine: true, released: 0 }
          : await settleWithin(trx, one.message, one.settlement, now, taken.has(one.message.id)),
      )
    }
    await trx('wa_conversations').whereIn('id', conversationsOf(accepted)).update({ changed_at: now })
    return found
  })
}

const conversationsOf = (settled: readonly Settled[]): number[] => [...new Set(settled.map(({ message }) => message.conversation_id))].sort((a, b) => a - b)

/** In order of their ids, as everybody who locks several does: so that nobody waits in a circle. */
async function lockConversations(trx: Query, db: Db, settled: readonly Settled[]): Promise<void> {
  if (db.dialect !== 'sqlite' && settled.length > 1)
    await trx('wa_conversations').whereIn('id', conversationsOf(settled)).orderBy('id').forUpdate().select('id')
}

/** Marks what was accepted, where the lease is still held. Answers the ids. MariaDB has no UPDATE … FROM with RETURNING: there each is settled by itself. */
async function acceptAll(trx: Query, db: Db, settled: readonly Settled[]): Promise<Set<number>> {
  if (db.dialect === 'mysql') return new Set()
  const rows = settled.flatMap(({ message, settlement: { status, providerId, error, detail } }) =>
    status === 'accepted' && providerId !== undefined && !error && !detail
      ? [{ id: message.id, token: message.lease_token, provider_id: providerId.slice(0, 255), key: providerKey(message.number, providerId) }]
      : [],
  )
  if (rows.length === 0) return new Set()
  const given =
    db.dialect === 'sqlite'
      ? `(select value ->> 'id' as id, value ->> 'token' as token, value ->> 'provider_id' as provider_id, value ->> 'key' as key from json_each(?))`
      : 'json_to_recordset(?::json) as s(id bigint, token text, provider_id text, key text)'
  const answer = await trx.raw(
    `update wa_messages set status = 'accepted', provider_id = s.provider_id, provider_key = s.key, next_at = null, lease_until = null, lease_token = null,
       error = null, error_code = null
     from ${given}${db.dialect === 'sqlite' ? ' as s' : ''}
     where wa_messages.id = s.id and wa_messages.status = 'sending' and wa_messages.lease_token = s.token returning wa_messages.id`,
    [JSON.stringify(rows)],
  )
  const taken = (db.dialect === 'sqlite' ? answer : answer.rows) as { id: number | string }[]
  return new Set(taken.map((row) => Number(row.id)))
}

/** Of these messages, the keys of which a status came before the answer that named them. */
async function awaitedKeys(trx: Query, accepted: readonly Settled[]): Promise<Set<string>> {
  const keys = accepted.flatMap(({ message, settlement }) => (settlement.providerId === undefined ? [] : providerKey(message.number, settlement.providerId)))
  if (keys.length === 0) return new Set()
  const rows = (await trx('wa_events').whereIn('provider_key', keys).where({ type: 'status' }).whereNull('message_id').select('provider_key')) as {
    provider_key: string
  }[]
  return new Set(rows.map((row) => row.provider_key))
}
