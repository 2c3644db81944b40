import { WaError } from '../errors'
import type { Menu } from '../model/builders'
import { phoneOf } from '../model/phone'
import { messageOf } from '../model/send-check'
import type { Decision, EnqueueOptions, Queued } from '../outbox/decision'
import { decisionKey, enqueue } from '../outbox/enqueue'
import { type Draw, type Drawn, declaredVariables, type What } from '../outbox/resolve'
import { bsuidOf } from '../providers/who'
import type { ContactRef } from '../store/contacts'
import type { ConversationRow, Step } from '../store/conversations'
import type { Db } from '../store/database'
import type { EventRow } from '../store/events'
import { insist } from '../store/insist'
import { isOutage } from '../store/outage'

export { declaredVariables }

/** What code hands to `say`, `ask` and `send`: words, a menu, a menu's key, or a message. */
export type Utterance = string | Menu | Record<string, unknown>

/** Where code says it: the event, the listener, and which call it is. The same words at the same place are one message. */
export interface Place {
  event: EventRow
  listener: string
  call: number
  /** The caller's own name for the call, instead of its number. */
  key?: string | undefined
}
export interface VoiceParts {
  db: () => Db
  now: () => number
  limits: EnqueueOptions
  draw: Draw
  defaultCountry: string | undefined
  /** `leaves`: it is on its way already. */
  queued: (conversationId: number, leaves?: boolean) => void
}

/** Words are words in `say` and `ask`; in `send` a bare string is the key of a stored menu. */
export function whatOf(utterance: Utterance, variables: unknown, bareString: 'words' | 'key'): What {
  if (typeof utterance === 'string') {
    if (bareString === 'key') return { menu: utterance, ...(variables ? { variables: variables as Record<string, unknown> } : {}) }
    return { message: messageOf({ text: utterance }) }
  }
  if (isMenu(utterance)) return { menu: utterance.key, ...(variables ? { variables: variables as Record<string, unknown> } : {}) }
  return { message: messageOf(utterance) }
}

const isMenu = (value: unknown): value is Menu => typeof value === 'object' && value !== null && 'key' in value && 'ids' in value

/** Who is meant by `to`. A bare string is a phone number; a national one needs `defaultCountry`. */
export function refOf(to: unknown, defaultCountry: string | undefined): ContactRef {
  if (typeof to === 'string') return { phone: phoneOf(to, defaultCountry) }
  if (typeof to === 'object' && to !== null) {
    const who = to as Record<string, unknown>
    // A contact as a listener gets it has all of these; its own id is the surest.
    if (typeof who.id === 'string' && /^\d+$/.test(who.id)) return { id: Number(who.id) }
    if (typeof who.phone === 'string') return { phone: phoneOf(who.phone, defaultCountry) }
    const bsuid = bsuidOf(who.bsuid)
    if (bsuid !== null) return { bsuid }
    if (typeof who.externalId === 'string' && who.externalId !== '') return { externalId: who.externalId }
  }
  throw new WaError('WA_PHONE_INVALID', 'The recipient is none of: a phone number as "+E.164", { phone }, { bsuid }, { externalId }, { id }.', [
    { path: 'to', message: 'not a recipient' },
  ])
}

/** How long a listener's words wait for a database that is away: well within its time limit. */
const INSIST_MS = 10_000

export interface Saying {
  what: What
  to: ContactRef
  number: string
  replyTo?: number | null
  meta?: Record<string, string> | null
  answering: boolean
  /** Where the event happened, when it is said to the same customer. */
  conversation?: ConversationRow
}

/** One message of a handler, sent once however often the handler runs; refused (WA_ABORTED) when another attempt at its event has begun. */
export async function utter(parts: VoiceParts, place: Place, saying: Saying, wait?: (drawn: Drawn) => Omit<Step, 'messageId'>): Promise<Queued> {
  const db = parts.db()
  const drawn = await parts.draw(db.write, saying.what)
  const now = parts.now()
  const decision: Decision = {
    to: saying.to,
    number: saying.number,
    drawn,
    replyTo: saying.replyTo ?? null,
    meta: saying.meta ?? null,
    answering: saying.answering,
    attempt: place.event,
    conversation: saying.conversation ?? null,
    idempotency: decisionKey([place.event.id, place.event.replays, place.listener, place.key ?? place.call], drawn),
    step: wait ? wait(drawn) : null,
  }
  // Safe to ask twice: the key makes it one message. A database that is away for a moment is no failure of the listener.
  const queued = await insist(() => enqueue(db, decision, parts.limits, now), INSIST_MS, isOutage)
  parts.queued(queued.conversationId, queued.leaves)
  return queued
}
