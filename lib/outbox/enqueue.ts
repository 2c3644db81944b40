import { WaError } from '../errors'
import { suggest } from '../model/suggest'
import { windowOf } from '../model/window'
import { type ContactRef, type ContactRow, ensureContact, findContact } from '../store/contacts'
import { type ConversationRow, ensureConversation, setStep, touchConversation } from '../store/conversations'
import type { Db, Query } from '../store/database'
import { insertOutbound, type MessageRow, messageByIdempotencyKey, sentAtNth } from '../store/messages'
import { holdEvent } from '../store/queue'
import { hashOf } from '../store/rows'
import { type Decision, type EnqueueOptions, HOUR_MS, type Queued } from './decision'
import type { Written } from './prepared-menu'
import type { Drawn } from './resolve'
import { say } from './say'

/** Writes a decision down. When this resolves the row is committed, and the message will leave once, whatever happens to this process. */
export async function enqueue(db: Db, decision: Decision, options: EnqueueOptions, now: number): Promise<Queued> {
  if (!options.numbers.has(decision.number)) throw unknownNumber(decision.number, options.numbers)
  const said = await say(db, decision, options, now)
  if (said) return said
  const { leaving, ...queued } = await db.tx(async (trx): Promise<Queued & { leaving: Written | null }> => {
    await decision.guard?.(trx)
    if (decision.attempt) await holdEvent(trx, db, decision.attempt)
    const contact = await recipient(trx, db, decision.to, now)
    const conversation = await ensureConversation(trx, db, decision.number, contact.id, now)
    const earlier = await sameDecision(trx, decision.idempotency)
    if (earlier) {
      if (decision.step) await setStep(trx, conversation.id, { ...decision.step, messageId: earlier.id }, now)
      return { id: earlier.id, status: earlier.status ?? 'queued', conversationId: conversation.id, leaves: false, leaving: null }
    }
    if (contact.opted_out && !decision.answering)
      throw new WaError('WA_OPTED_OUT', `Contact ${contact.id} does not want messages (opted out). Only their own words reopen the talk.`, [
        { path: 'to', message: 'opted out' },
      ])
    const leaving = allowedNow(decision.drawn, conversation, now)
    const id = await insertOutbound(trx, db, {
      number: decision.number,
      conversationId: conversation.id,
      type: leaving.type,
      json: leaving.json,
      text: decision.drawn.message.text,
      menu: decision.drawn.menu,
      replyTo: decision.replyTo ?? null,
      meta: decision.meta ?? null,
      sentBy: decision.by?.name ?? null,
      idempotencyKey: decision.idempotency?.key ?? null,
      fingerprint: decision.idempotency?.fingerprint ?? null,
      expiresAt: now + options.expireAfterMs,
      now,
    })
    if (id === null) throw Object.assign(new Error('the same decision is being written by another process'), { code: '40001' })
    await touchConversation(trx, conversation, { id, direction: 'out', text: decision.drawn.message.text, at: now }, null, now)
    // Behind the lock on the conversation: of those who send at once each counts the others.
    await withinHour(trx, conversation, options.perRecipientHour, now)
    if (decision.step) await setStep(trx, conversation.id, { ...decision.step, messageId: id }, now)
    return { id, status: 'queued', conversationId: conversation.id, leaves: false, leaving }
  })
  if (leaving !== null && leaving.content !== null) options.ready.keep(queued.id, leaving.content)
  return queued
}

/** The key under which a decision of a handler is one message: the same words at the same place of the same event. */
export function decisionKey(place: readonly (string | number)[], drawn: Drawn): { key: string; fingerprint: string } {
  const fingerprint = hashOf(drawn.message.json)
  return { key: hashOf(JSON.stringify([...place, fingerprint])), fingerprint }
}

/** The message that this very decision became earlier; null when it is new. Throws WA_IDEMPOTENCY_MISMATCH when the key was used for another one. */
export async function sameDecision(query: Query, idempotency: Decision['idempotency']): Promise<MessageRow | null> {
  if (!idempotency) return null
  const earlier = await messageByIdempotencyKey(query, idempotency.key)
  if (earlier && earlier.fingerprint !== idempotency.fingerprint) {
    throw new WaError(
      'WA_IDEMPOTENCY_MISMATCH',
      `This Idempotency-Key was used before with another body (message ${earlier.id}). Use a new key for a new message.`,
      [{ path: 'Idempotency-Key', message: 'used before with another body' }],
    )
  }
  return earlier
}

async function recipient(trx: Query, db: Db, to: ContactRef, now: number): Promise<ContactRow> {
  const known = await findContact(trx, to)
  if (known) return known
  if ('phone' in to) return ensureContact(trx, db, { phone: to.phone, bsuid: null, username: null, name: null }, now)
  if ('bsuid' in to) return ensureContact(trx, db, { phone: null, bsuid: to.bsuid, username: null, name: null }, now)
  const given = 'id' in to ? `id ${to.id}` : `externalId "${to.externalId}"`
  throw new WaError('WA_CONTACT_UNKNOWN', `There is no contact with ${given}. Send to a phone number, or set it first with wa.contacts.set().`, [
    { path: 'to', message: 'unknown contact' },
  ])
}

/** Known to be closed: only an approved template may go. A customer who never wrote is unknown, and is sent to. */
function allowedNow(drawn: Drawn, conversation: ConversationRow, now: number): Written {
  const window = windowOf(conversation.last_inbound_at, now)
  if (!window.known || window.open || drawn.message.type === 'template') return drawn.message
  const template = drawn.template()
  if (template) return template
  const closed = window.closesAt === null ? [] : [`It closed at ${new Date(window.closesAt).toISOString()}.`]
  throw new WaError(
    'WA_WINDOW_CLOSED',
    [
      "The customer's last words are more than 24 hours old, so WhatsApp accepts approved templates only.",
      ...closed,
      'Send a menu that names a template, or wait until they write.',
    ].join(' '),
    [{ path: 'to', message: 'window closed', actual: window.closesAt, fix: 'Send a template.' }],
  )
}

/** Asked when the message has been written. */
async function withinHour(trx: Query, conversation: ConversationRow, limit: number, now: number): Promise<void> {
  const nth = await sentAtNth(trx, conversation.id, limit + 1)
  if (nth === null || nth <= now - HOUR_MS) return
  throw new WaError(
    'WA_RECIPIENT_LIMIT',
    `${limit} messages went to this recipient within the last hour. Wait, or raise the limit (perRecipientHour) if that is meant.`,
    [{ path: 'to', message: 'too many', actual: limit, limit }],
  )
}

function unknownNumber(number: string, known: ReadonlySet<string>): WaError {
  const near = suggest(number, [...known])
  return new WaError(
    'WA_NUMBER_UNKNOWN',
    `There is no business number "${number}". Known: ${[...known].join(', ')}.${near ? ` Did you mean "${near}"?` : ''}`,
    [{ path: 'number', message: 'unknown', actual: number, limit: [...known].join(' | ') }],
  )
}
