import { WINDOW_MS } from '../model/window'
import type { Db } from '../store/database'
import type { LeavingMessage } from '../store/outgoing'
import { type Saying, sayAtOnce, saysAtOnce } from '../store/sayings'
import { type Decision, type EnqueueOptions, HOUR_MS, type Queued } from './decision'

/**
 * The usual case of `enqueue`: a listener says something to the customer whose event it handles, and nothing speaks against it. It is one statement, and
 * where the outbox has a seat the message is on its way with the same commit. Null for everything else, also for what went wrong: asked again, nothing is said twice.
 */
export async function say(db: Db, decision: Decision, options: EnqueueOptions, now: number): Promise<Queued | null> {
  const saying = sayingOf(decision, options, now)
  if (saying === null || !saysAtOnce(db)) return null
  const seat = await options.seat(decision.number).catch(() => null)
  try {
    const said = await sayAtOnce(db, { ...saying, leaving: seat && { token: seat.token, ms: seat.leaseMs } })
    if (said === null) {
      seat?.leave()
      return null
    }
    const { content } = decision.drawn.message
    if (content !== null) options.ready.keep(said.id, content)
    if (seat && said.leaves)
      seat.go({ message: leavingOf(saying, said.id, said.ref, seat.token), to: said.to, lastInboundAt: said.lastInboundAt, quoted: said.quoted })
    else seat?.leave()
    return { id: said.id, status: 'queued', conversationId: saying.conversationId, leaves: said.leaves }
  } catch {
    seat?.lost()
    return null
  }
}

function sayingOf({ attempt, conversation, idempotency, drawn, ...decision }: Decision, options: EnqueueOptions, now: number): Omit<Saying, 'leaving'> | null {
  // To another number or customer, or without its place: with a second look.
  if (!attempt || !conversation || !idempotency || conversation.number !== decision.number || !decision.answering) return null
  const { message, menu } = drawn
  return {
    event: attempt,
    conversationId: conversation.id,
    contactId: conversation.contact_id,
    number: decision.number,
    type: message.type,
    json: message.json,
    text: message.text,
    menu,
    replyTo: decision.replyTo ?? null,
    meta: decision.meta ?? null,
    sentBy: null,
    idempotencyKey: idempotency.key,
    fingerprint: idempotency.fingerprint,
    expiresAt: now + options.expireAfterMs,
    now,
    heardAfter: message.type === 'template' ? null : now - WINDOW_MS,
    most: { count: options.perRecipientHour, until: now - HOUR_MS },
    step: decision.step ?? null,
  }
}

/** The message as it was written down, leaving. */
const leavingOf = (saying: Omit<Saying, 'leaving'>, id: number, ref: string, token: string): LeavingMessage => ({
  id,
  number: saying.number,
  conversation_id: saying.conversationId,
  type: saying.type,
  json: saying.json,
  ref,
  menu_key: saying.menu?.key ?? null,
  menu_version: saying.menu?.version ?? null,
  variables: saying.menu?.variables ?? null,
  error: null,
  expires_at: saying.expiresAt,
  attempts: 1,
  lease_token: token,
})
