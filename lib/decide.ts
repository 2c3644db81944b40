import type { Engine, Sent } from './engine'
import { WaError } from './errors'
import { type Actor, writeAudit } from './store/audit'
import type { Db } from './store/database'
import { decideOutbound, messageById } from './store/messages'

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
  const possible = { retry: ['failed', 'uncertain', 'expired', 'canceled'], arrived: ['uncertain'], cancel: ['queued', 'uncertain', 'failed'] }[decision]
  const to = ({ retry: 'queued', arrived: 'accepted', cancel: 'canceled' } as const)[decision]
  if (!possible.includes(message.status ?? '')) {
    throw new WaError('WA_STATE', `Message ${id} is ${message.status}; "${decision}" is possible while it is ${possible.join(' or ')}.`, [
      { path: 'status', message: 'not in this state', actual: message.status, limit: possible.join(' | ') },
    ])
  }
  const now = engine.now()
  const moved = await db.tx(async (trx) => {
    const did = await decideOutbound(trx, message, to, by.name, `${by.name} decided: ${decision}`, now, decision === 'retry' ? now + 86_400_000 : undefined)
    if (did) await writeAudit(trx, by, `message.${decision}`, `message:${id}`, message.status, to, now)
    return did
  })
  if (!moved) throw new WaError('WA_STATE', `Message ${id} moved on meanwhile. Look again.`)
  queued(message.conversation_id)
  return { id, status: to }
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
