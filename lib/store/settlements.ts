import type { Db, Query } from './database'
import { type Settleable, type Settlement, settleWithin } from './departures'
import { ACCEPT_POSTGRES } from './leaving-postgres'
import { ACCEPT_SQLITE } from './leaving-sqlite'
import { providerKey } from './messages'
import { onConnection } from './prepared'
import { releaseParked } from './queue'

/** What became of one claimed message. */
export interface Settled {
  message: Settleable
  settlement: Settlement
}
export interface SettledAs {
  /** The lease was still held. */
  mine: boolean
  /** Statuses that had waited for the id. */
  released: number
}

/**
 * Of messages that left, marks those that were simply accepted, which is nearly all, with one statement and one commit. Answers the ids. The others are left
 * as they are: lost leases, and those of which a status came before the answer that named them. (MySQL has no UPDATE … RETURNING: there it is all of them.)
 */
export async function acceptTogether(db: Db, settled: readonly Settled[], now: number): Promise<Set<number>> {
  if (db.dialect === 'mysql') return new Set()
  const rows = settled.flatMap(({ message, settlement: { status, providerId, error, detail } }) =>
    status === 'accepted' && providerId !== undefined && !error && !detail
      ? [[message.id, message.lease_token, providerId.slice(0, 255), providerKey(message.number, providerId), message.conversation_id]]
      : [],
  )
  if (rows.length === 0) return new Set()
  const taken = await onConnection(db.write, (run) =>
    run<{ id: number | string }>(db.dialect === 'sqlite' ? ACCEPT_SQLITE : ACCEPT_POSTGRES, [JSON.stringify(rows), now]),
  )
  return new Set(taken.map(({ id }) => Number(id)))
}

/** Records what became of many messages with one commit, each with all that hangs on it. All or nothing: when it throws, each can be settled alone. */
export async function settleTogether(db: Db, settled: readonly Settled[], now: number): Promise<SettledAs[]> {
  return db.tx(async (trx) => {
    await lockConversations(trx, db, settled)
    const found: SettledAs[] = []
    for (const { message, settlement } of settled) found.push(await settleWithin(trx, message, message.lease_token ?? '', settlement, now))
    return found
  })
}

/** In order of their ids, as everybody who locks several does: so that nobody waits in a circle. */
async function lockConversations(trx: Query, db: Db, settled: readonly Settled[]): Promise<void> {
  if (db.dialect === 'sqlite' || settled.length < 2) return
  const ids = [...new Set(settled.map(({ message }) => message.conversation_id))].sort((a, b) => a - b)
  await trx('wa_conversations').whereIn('id', ids).orderBy('id').forUpdate().select('id')
}

/**
 * Statuses that came, were looked at and laid aside while the commit that names their message was under way: from within it the servers' engines do not
 * see them, nor they it. To be asked after that commit. Answers for each message how many go back to the inbox.
 */
export async function releaseLate(db: Db, settled: readonly Settled[], now: number): Promise<number[]> {
  const keys = settled.map(({ message, settlement: { providerId } }) => (providerId === undefined ? null : providerKey(message.number, providerId)))
  const named = keys.filter((key) => key !== null)
  if (named.length === 0) return settled.map(() => 0)
  const asked = db.write('wa_events').whereIn('provider_key', named).where({ type: 'status' }).whereNull('message_id')
  const late = new Set((await asked.distinct().pluck('provider_key')) as string[])
  const released: number[] = []
  for (const [at, { message }] of settled.entries()) {
    const key = keys[at]
    released.push(key && late.has(key) ? await releaseParked(db.write, message.id, key, now) : 0)
  }
  return released
}
