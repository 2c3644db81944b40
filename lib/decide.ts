import type { Engine, Matching, Sent } from './engine'
import { WaError } from './errors'
import { type Actor, writeAudit } from './store/audit'
import type { Db, Query } from './store/database'
import { decideOutbound, decideOutbounds } from './store/departures'
import { messageById } from './store/messages'
import { decideManyEvents, decideEvent as decideOneEvent } from './store/queue'
import { reviveRuns } from './store/runs'

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
  const now = engine.now()
  // What waits for its next try may be tried now.
  if (decision === 'retry' && message.status === 'queued' && (message.next_at ?? 0) > now) possible.push('queued')
  if (!possible.includes(message.status ?? '')) {
    throw new WaError('WA_STATE', `Message ${id} is ${message.status}; "${decision}" is possible while it is ${possible.join(' or ')}.`, [
      { path: 'status', message: 'not in this state', actual: message.status, limit: possible.join(' | ') },
    ])
  }
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

/** A person's decision on all messages that match: see `Engine.decideMessages`. */
export function decideMessages(engine: Engine, which: Matching, decision: 'retry' | 'cancel', by: Actor): Promise<number> {
  const to = decision === 'retry' ? 'queued' : 'canceled'
  const detail = `${by.name} decided for all that matched: ${decision}`
  const about: About = { action: `messages.${decision}`, subject: 'outbox', before: { status: which.statuses }, to, by }
  return inBatches(engine, about, (trx, after, now) =>
    decideOutbounds(trx, engine.db, { ...which, after }, { to, by: by.name, detail, now, expiresAt: now + AGAIN_MS }, BATCH),
  )
}

/** A person's decision on an event: see `Engine.decideEvent`. Throws WA_STATE when it stands elsewhere. */
export async function decideEvent(engine: Engine, id: string, decision: 'retry' | 'discard' | 'replay', by: Actor): Promise<void> {
  const from = {
    retry: ['needs_attention', 'retrying', 'unhandled'],
    discard: ['needs_attention', 'retrying', 'unhandled', 'waiting', 'unrecognised'],
    replay: ['done', 'unhandled', 'discarded', 'needs_attention'],
  } as const
  const now = engine.now()
  const moved = await engine.db.tx(async (trx) => {
    const event = Number(id)
    const to = { state: decision === 'discard' ? ('discarded' as const) : ('waiting' as const), replay: decision === 'replay' }
    if (!(await decideOneEvent(trx, event, from[decision], to, now))) return false
    if (decision === 'retry') await reviveRuns(trx, [event])
    await writeAudit(trx, by, `event.${decision}`, `event:${id}`, null, null, now)
    return true
  })
  if (!moved) throw await notInThatState(engine.db, id, decision, from[decision])
}

/** Why a decision on an event was not possible. */
async function notInThatState(db: Db, id: string, decision: string, from: readonly string[]): Promise<WaError> {
  const row = (await db
    .read('wa_events')
    .where({ id: Number(id) })
    .first('state')) as { state: string } | undefined
  if (!row) return new WaError('WA_NOT_FOUND', `There is no event ${id}.`)
  return new WaError('WA_STATE', `Event ${id} is ${row.state}; "${decision}" is possible while it is ${from.join(', ')}.`, [
    { path: 'state', message: 'not in this state', actual: row.state, limit: from.join(' | ') },
  ])
}

/** A person's decision on all events that match: see `Engine.decideEvents`. */
export function decideEvents(engine: Engine, which: Parameters<Engine['decideEvents']>[0], decision: 'retry' | 'discard', by: Actor): Promise<number> {
  const to = decision === 'retry' ? 'waiting' : 'discarded'
  return inBatches(engine, { action: `events.${decision}`, subject: 'inbox', before: { state: which.states }, to, by }, async (trx, after, now) => {
    const ids = await decideManyEvents(trx, engine.db, { ...which, after }, to, now, BATCH)
    if (decision === 'retry') await reviveRuns(trx, ids)
    return ids
  })
}

/** What the audit says of each batch. */
interface About {
  action: string
  subject: string
  before: object
  to: string
  by: Actor
}

/** Each batch is committed, and audited, by itself; what is done stays done. By their ids, so that what fails again while we go on is not taken twice. */
async function inBatches(engine: Engine, about: About, step: (trx: Query, after: number, now: number) => Promise<number[]>): Promise<number> {
  let total = 0
  for (let after = 0; ; ) {
    const now = engine.now()
    const moved = await engine.db.tx(async (trx) => {
      const ids = await step(trx, after, now)
      const { action, subject, before, to, by } = about
      if (ids.length > 0) await writeAudit(trx, by, action, subject, before, { state: to, count: ids.length, from: ids[0], to: ids.at(-1) }, now)
      return ids
    })
    total += moved.length
    if (moved.length < BATCH) return total
    after = moved.at(-1) ?? after
  }
}
