import type { Engine, Matching, Sent } from './engine'
import { WaError } from './errors'
import { type Actor, writeAudit } from './store/audit'
import type { Db } from './store/database'
import { decideOutbound, decideOutbounds, messageById } from './store/messages'

/** Sent again, a message has a day to leave. */
const AGAIN_MS = 86_400_000

/** A person's decision on a message: see `Engine.decideMessage`. Throws WA_STATE when it stands elsewhere. */
export async function decideMessage(
  engine: Engine,
  id: string,
  decision: 'retry' | 'arrived' | 'cancel',
  by: Actor,
  queued: (conversationId: number) => void,
): Promise<Sent> {
  const db = engine.db
  const message = await messageById(db.write, Number(id))
  if (message?.direction !== 'out') throw new WaError('WA_NOT_FOUND', `There is no sent message ${id}.`)
  const possible = { retry: ['failed', 'uncertain', 'expired', 'canceled'], arrived: ['uncertain'], cancel: ['queued', 'uncertain', 'failed', 'expired'] }[
    decision
  ]
  const to = ({ retry: 'queued', arrived: 'accepted', cancel: 'canceled' } as const)[decision]
  if (!possible.includes(message.status ?? '')) {
    throw new WaError('WA_STATE', `Message ${id} is ${message.status}; "${decision}" is possible while it is ${possible.join(' or ')}.`, [
      { path: 'status', message: 'not in this state', actual: message.status, limit: possible.join(' | ') },
    ])
  }
  const now = engine.now()
  const moved = await db.tx(async (trx) => {
    const did = await decideOutbound(trx, message, to, by.name, `${by.name} decided: ${decision}`, now, decision === 'retry' ? now + AGAIN_MS : undefined)
    if (did) await writeAudit(trx, by, `message.${decision}`, `message:${id}`, message.status, to, now)
    return did
  })
  if (!moved) throw new WaError('WA_STATE', `Message ${id} moved on meanwhile. Look again.`)
  queued(message.conversation_id)
  return { id, status: to }
}

/** Messages in one transaction: a webhook never waits longer than for these. */
const BATCH = 500

/** A person's decision on all messages that match: see `Engine.decideMessages`. Each batch is committed, and audited, by itself; what is done stays done. */
export async function decideMessages(engine: Engine, which: Matching, decision: 'retry' | 'cancel', by: Actor): Promise<number> {
  const db = engine.db
  const to = decision === 'retry' ? 'queued' : 'canceled'
  const detail = `${by.name} decided for all that matched: ${decision}`
  let total = 0
  // By their ids, so that what fails again while we go on is not taken twice.
  for (let after = 0; ; ) {
    const now = engine.now()
    const moved = await db.tx(async (trx) => {
      const ids = await decideOutbounds(trx, db, { ...which, after }, { to, by: by.name, detail, now, expiresAt: now + AGAIN_MS }, BATCH)
      if (ids.length > 0)
        await writeAudit(
          trx,
          by,
          `messages.${decision}`,
          'outbox',
          { status: which.statuses },
          { status: to, count: ids.length, from: ids[0], to: ids.at(-1) },
          now,
        )
      return ids
    })
    total += moved.length
    if (moved.length < BATCH) return total
    after = moved.at(-1) ?? after
  }
}

/** Why a decision on an event was not possible. */
export async function notInThatState(db: Db, id: string, decision: string, from: readonly string[]): Promise<WaError> {
  const row = (await db
    .read('wa_events')
    .where({ id: Number(id) })
    .first('state')) as { state: string } | undefined
  if (!row) return new WaError('WA_NOT_FOUND', `There is no event ${id}.`)
  return new WaError('WA_STATE', `Event ${id} is ${row.state}; "${decision}" is possible while it is ${from.join(', ')}.`, [
    { path: 'state', message: 'not in this state', actual: row.state, limit: from.join(' | ') },
  ])
}
