import type { Attempt } from '../flows/context'
import { type Facts, factsOf } from '../flows/facts'
import { HEARD_AS, type IncomingStatus } from '../model/event'
import { markChanged } from '../store/conversations'
import type { Db } from '../store/database'
import { applyStatus } from '../store/departures'
import { type EventRow, tieEvent } from '../store/events'
import type { Fresh } from '../store/heads'
import { lockMessage, type MessageRow, messageByProviderId, messageByRef, providerKey } from '../store/messages'
import { releaseParked } from '../store/queue'
import { sceneOfEvent } from '../store/scenes'
import type { InboxParts } from './parts'

/** An event with everything its listeners are told about. */
export interface Scene {
  event: EventRow
  /** Aborts when the attempt is over before its end: closing, or another attempt has begun. */
  signal: AbortSignal
  message: MessageRow | null
  facts: Facts | null
  attempt: Omit<Attempt, 'listener' | 'signal' | 'attempt'> | null
  status: Record<string, unknown> | null
}

export async function setScene(parts: InboxParts, event: EventRow, signal: AbortSignal): Promise<Scene> {
  const db = parts.db()
  if (event.type === 'status') return { event, signal, message: null, facts: null, attempt: null, status: await climb(parts, db, event) }
  const found = await sceneOfEvent(db, event.id)
  const { message = null, conversation = null, contact = null } = found ?? {}
  if (!found || !conversation || !contact)
    return { event, signal, message, facts: null, attempt: null, status: (event.payload as Record<string, unknown> | null) ?? {} }
  const facts = message && event.type in HEARD_AS ? await factsOf(db.write, message, found) : null
  return { event, signal, message, facts, attempt: { event, contact, conversation, message, facts }, status: null }
}

/** The scene of a message of which all was read with its claim. */
export const sceneOf = (event: EventRow, signal: AbortSignal, { message, conversation, contact }: Fresh, facts: Facts): Scene => ({
  ...{ event, signal, message, facts, status: null },
  attempt: { event, contact, conversation, message, facts },
})

/** The message of which a status speaks: by our correlation word, at the door of its own number, else by the provider's id. */
async function messageOf(db: Db, event: EventRow): Promise<MessageRow | null> {
  const { ref, providerId, status } = (event.payload ?? {}) as Partial<IncomingStatus>
  const byRef = ref ? await messageByRef(db.write, ref) : null
  const found = byRef?.number === event.number ? byRef : providerId === undefined ? null : await messageByProviderId(db.write, event.number, providerId)
  return found && status === 'failed' && isOfEarlierCopy(found, event) ? null : found
}

/** A failed message that a person sends again has another id at the provider: late news of the first failure are none of the second copy. */
const isOfEarlierCopy = (message: MessageRow, event: EventRow): boolean =>
  message.status === 'queued' || (message.provider_key !== null && message.provider_key !== event.provider_key)

/** The provider's word on a message of ours: applied once, whatever the listeners do. Null when the message is not (yet) known. */
async function climb(parts: InboxParts, db: Db, event: EventRow): Promise<Record<string, unknown> | null> {
  const status = event.payload as Omit<IncomingStatus, 'raw' | 'dedupe' | 'at' | 'kind'>
  const message = await messageOf(db, event)
  if (!message) return null
  await db.tx(async (trx) => {
    // Locked before it is read: the answer of the provider may be written in this very moment, and its word must not get lost beside it.
    const fresh = await lockMessage(trx, db, message.id)
    if (!fresh) return
    await applyStatus(trx, fresh, status.status, status.error, event.at, status.providerId)
    if (fresh.provider_id === null) await releaseParked(trx, fresh.id, providerKey(fresh.number, status.providerId), parts.now())
    await tieEvent(trx, event.id, { message_id: message.id })
    await markChanged(trx, message.conversation_id, parts.now())
  })
  if (status.alert)
    parts.log.error({ number: event.number, message: message.id, reason: status.error?.title ?? null }, 'the provider reports a failure of the whole account')
  parts.changed(message.conversation_id)
  return { message: { id: String(message.id), status: status.status, error: status.error, meta: message.meta ?? {} } }
}
