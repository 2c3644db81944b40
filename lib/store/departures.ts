import type { StatusError } from '../model/event'
import { climbs, type Status } from '../model/message'
import type { Db, Query } from './database'
import { insertHistories, insertHistory } from './history'
import { CLOCK } from './lease'
import { type MessageRow, outbound, providerKey, type RawMessage, readMessage } from './messages'
import { releaseParked } from './queue'
import { onceMore, storable, toJson, type UpTo } from './rows'

/** What became of a claimed message. Fenced: only the holder of the lease settles it, once. */
export interface Settlement {
  status: Status
  providerId?: string
  error?: StatusError | null
  detail?: string | null
  /** For `queued`: when to try again. */
  nextAt?: number
}
/** What is known of a message for which something is written down. */
export type Settleable = Pick<MessageRow, 'id' | 'number' | 'conversation_id' | 'attempts' | 'lease_token'>

/** Answers whether the lease was still held, and how many statuses had waited for the id. Done twice it is the same. */
export async function settleOutbound(
  db: Db,
  message: Settleable,
  token: string,
  settlement: Settlement,
  now: number,
): Promise<{ mine: boolean; released: number }> {
  return db.tx((trx) => settleWithin(trx, message, token, settlement, now))
}

/** The same within a transaction. */
export async function settleWithin(
  trx: Query,
  message: Settleable,
  token: string,
  settlement: Settlement,
  now: number,
): Promise<{ mine: boolean; released: number }> {
  const identity =
    settlement.providerId === undefined
      ? {}
      : { provider_id: settlement.providerId.slice(0, 255), provider_key: providerKey(message.number, settlement.providerId) }
  const state = {
    status: settlement.status,
    next_at: settlement.nextAt ?? null,
    lease_until: null,
    lease_token: null,
    error: toJson(settlement.error ?? null),
    error_code: settlement.error?.code ?? null,
  }
  const known = settlement.status === 'accepted' || settlement.status === 'failed'
  const mine =
    (await trx('wa_messages')
      .where({ id: message.id, status: 'sending', lease_token: token })
      .update({ ...identity, ...state })) > 0 ||
    // The answer came after the lease had run out: what was uncertain is known after all.
    (known &&
      (await trx('wa_messages')
        .where({ id: message.id, status: 'uncertain', attempts: message.attempts })
        .update({ ...identity, ...state })) > 0)
  // A status callback was faster than the answer: the state it set stands, the id is still news.
  if (!mine && settlement.providerId !== undefined) await trx('wa_messages').where({ id: message.id }).whereNull('provider_id').update(identity)
  const released = settlement.providerId === undefined ? 0 : await releaseParked(trx, message.id, providerKey(message.number, settlement.providerId), now)
  if (mine) await insertHistory(trx, message.id, settlement.status, now, settlement.detail ?? settlement.error?.title ?? null, null)
  await trx('wa_conversations').where({ id: message.conversation_id }).update({ changed_at: now })
  return { mine, released }
}

/** Other words leave than those that were decided; before the request, under the lease. False when the lease is lost. */
export async function rewriteOutbound(
  db: Db,
  message: Pick<MessageRow, 'id' | 'lease_token'>,
  words: { type: string; json: string; text: string },
  detail: string,
  now: number,
): Promise<boolean> {
  return db.tx(async (trx) => {
    const mine = await trx('wa_messages')
      .where({ id: message.id, status: 'sending', lease_token: message.lease_token })
      .update({ type: words.type, payload: words.json, text: storable(words.text) })
    if (mine > 0) await insertHistory(trx, message.id, 'sending', now, detail, null)
    return mine > 0
  })
}

/** Claims whose commit was never confirmed: if it did happen, nobody was handed these messages, so surely none of them left. */
export async function releaseOutbound(db: Db, token: string, now: number): Promise<void> {
  await db
    .write('wa_messages')
    .where({ status: 'sending', lease_token: token })
    .update({ status: 'queued', next_at: now, lease_until: null, lease_token: null, attempts: db.write.raw('attempts - 1') })
}

/** Leases that ran out: the process died or hung while the request was under way, so nobody knows whether it arrived. */
export async function expireLeases(db: Db, now: number): Promise<number> {
  const rows = (await db
    .write('wa_messages')
    .where({ status: 'sending' })
    .whereNotNull('next_at')
    .whereRaw(`lease_until < ${CLOCK[db.dialect]}`)
    .limit(200)) as RawMessage[]
  for (const row of rows.map(readMessage)) {
    await settleOutbound(
      db,
      row,
      row.lease_token ?? '',
      { status: 'uncertain', detail: 'The process ended while this message was leaving. It may have arrived.' },
      now,
    )
  }
  return rows.length
}

/** A word from the provider. Only climbs; answers the new state when it moved. */
export async function applyStatus(
  trx: Query,
  message: MessageRow,
  to: Status,
  error: StatusError | null,
  at: number,
  providerId: string | null,
): Promise<boolean> {
  const known =
    providerId !== null && message.provider_id === null ? { provider_id: providerId.slice(0, 255), provider_key: providerKey(message.number, providerId) } : {}
  if (message.status === null || !climbs(message.status, to)) {
    if (Object.keys(known).length > 0) await trx('wa_messages').where({ id: message.id }).update(known)
    return false
  }
  const moved = await trx('wa_messages')
    .where({ id: message.id, status: message.status })
    .update({ ...known, status: to, error: toJson(error), error_code: error?.code ?? null, next_at: null, lease_until: null, lease_token: null })
  // Another word of the provider was applied meanwhile: this one is judged anew from where the message stands now.
  if (moved === 0) throw onceMore('the message has moved on')
  await insertHistory(trx, message.id, to, at, error?.title ?? null, null)
  return true
}

/** A person's decision on a message that failed, is uncertain or waits. Compare-and-set on the state that the person saw. */
export async function decideOutbound(
  trx: Query,
  message: MessageRow,
  to: Status,
  by: string,
  detail: string,
  now: number,
  expiresAt?: number,
): Promise<boolean> {
  const change =
    to === 'queued'
      ? { status: to, next_at: now, attempts: 0, error: null, error_code: null, ...(expiresAt === undefined ? {} : { expires_at: expiresAt }) }
      : { status: to, next_at: null }
  const moved = await trx('wa_messages').where({ id: message.id, status: message.status }).update(change)
  if (moved > 0) await insertHistory(trx, message.id, to, now, detail, by)
  return moved > 0
}

/** The same decision on the first `limit` of many behind `after`, oldest first, each from the state in which it is found. Answers the ids that moved. */
export async function decideOutbounds(
  trx: Query,
  db: Db,
  which: UpTo & { statuses: readonly Status[]; after: number },
  decision: { to: 'queued' | 'canceled'; by: string; detail: string; now: number; expiresAt: number },
  limit: number,
): Promise<number[]> {
  const { to, by, detail, now, expiresAt } = decision
  const rows = outbound(trx, which.statuses, which).where('id', '>', which.after).orderBy('id').limit(limit).select('id')
  const found = (await (db.dialect === 'sqlite' ? rows : rows.forUpdate())) as { id: number | string }[]
  const ids = found.map((row) => Number(row.id))
  if (ids.length === 0) return []
  const change = to === 'queued' ? { next_at: now, attempts: 0, error: null, error_code: null, expires_at: expiresAt } : { next_at: null }
  await trx('wa_messages')
    .whereIn('id', ids)
    .update({ status: to, ...change })
  await insertHistories(
    trx,
    ids.map((messageId) => ({ messageId, status: to, at: now, detail, causedBy: by })),
  )
  return ids
}
