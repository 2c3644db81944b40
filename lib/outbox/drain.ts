import { reasonOf } from '../errors'
import type { Logger } from '../log'
import type { StatusError } from '../model/event'
import type { SentMessage } from '../model/message'
import { windowOf } from '../model/window'
import type { Parcel, Provider, SendResult } from '../providers/provider'
import { contactsById, findContact, identify } from '../store/contacts'
import { conversationById } from '../store/conversations'
import type { Db } from '../store/database'
import { insist } from '../store/insist'
import { leaseToken } from '../store/lease'
import { claimOutbound, expireLeases, type MessageRow, messageById, releaseOutbound, type Settlement, settleOutbound } from '../store/messages'
import type { Work } from '../worker'
import type { Pace } from './pace'

/** A lease outlives the request it covers, so that only a dead process loses it. */
const LEASE_MS = 60_000
const REQUEST_MS = 20_000
/** Turn and request together stay within the lease; what is left of it serves to write down the answer. */
const TURN_MS = 10_000
const INSIST_MS = 25_000
/** A message that did not get as far as the request: nothing left, so it may go again soon. */
const SOON_MS = 1000
/** Waits grow from 1 s to 5 min, each drawn at random below its bound, so that many waiters do not come back together. */
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 300_000

export interface OutboxParts {
  db: () => Db
  providers: ReadonlyMap<string, Provider>
  pace: Pace
  /** Names this instance in its leases. */
  holder: string
  now: () => number
  log: Logger
  /** Absolute address of a number's webhook, null when unknown. */
  callbackOf: (number: string) => string | null
  /** A message changed state. */
  changed: (conversationId: number) => void
  /** Something may be due in so many milliseconds. */
  wakeIn: (ms: number) => void
  /** Statuses that had waited for an id can be handled now. */
  wakeInbox: () => void
  concurrency: number
}

/** The outbox as work: claim what may leave, hand it to its provider, record what became of it. */
export function outboxWork(parts: OutboxParts): Work<MessageRow> {
  const unconfirmed = new Set<string>()
  const closing = new AbortController()
  return {
    name: 'outbox',
    concurrency: parts.concurrency,
    async claim(limit) {
      const now = parts.now()
      for (const token of unconfirmed) {
        await releaseOutbound(parts.db(), token, now)
        unconfirmed.delete(token)
      }
      await expireLeases(parts.db(), now)
      const room = Math.min(limit, Math.max(1, parts.pace.room(now)))
      const token = leaseToken(parts.holder)
      try {
        return await claimOutbound(parts.db(), room, token, now, LEASE_MS, parts.pace.held(now))
      } catch (error) {
        unconfirmed.add(token)
        throw error
      }
    },
    run: (message) => deliver(parts, message, closing.signal),
    giveUp: () => closing.abort(),
  }
}

async function deliver(parts: OutboxParts, message: MessageRow, closing: AbortSignal): Promise<void> {
  const blocked = await whyNot(parts, message).catch(notYet)
  const result = blocked ?? (await hand(parts, message, closing))
  const settlement = settle(parts, message, result)
  const { mine, released } = await insist(() => settleOutbound(parts.db(), message, message.lease_token ?? '', settlement, parts.now()), INSIST_MS)
  if (!mine) parts.log.debug({ message: message.id }, 'a status was faster than the answer of the provider')
  if (result.outcome === 'accepted' && result.phone !== undefined) await learnNumber(parts, message, result.phone)
  if (released > 0) parts.wakeInbox()
  if (settlement.nextAt !== undefined) parts.wakeIn(settlement.nextAt - parts.now())
  parts.changed(message.conversation_id)
}

/** The provider knows the customer under another spelling of the number: under that one they will write to us. */
async function learnNumber(parts: OutboxParts, message: MessageRow, phone: string): Promise<void> {
  const db = parts.db()
  try {
    await db.tx(async (trx) => {
      const conversation = await conversationById(trx, message.conversation_id)
      const contact = conversation ? await findContact(trx, { id: conversation.contact_id }) : null
      if (contact) await identify(trx, db, contact, { phone, bsuid: null, username: null, name: null }, parts.now())
    })
  } catch (error) {
    // The next answer says it again.
    parts.log.warn({ message: message.id, error: reasonOf(error) }, 'the number under which WhatsApp knows a customer could not be noted')
  }
}

/** The database hiccuped before anything could leave. */
const notYet = (error: unknown): Extract<SendResult, { outcome: 'retry' }> => ({
  outcome: 'retry',
  reason: `not sent yet: ${reasonOf(error)}`,
  afterMs: SOON_MS,
})

type Blocked = { outcome: 'expired' } | Extract<SendResult, { outcome: 'failed' | 'retry' }> | null

/** What was allowed when it was decided may no longer be so when it leaves. */
async function whyNot(parts: OutboxParts, message: MessageRow): Promise<Blocked> {
  const now = parts.now()
  if (message.expires_at !== null && message.expires_at <= now) return { outcome: 'expired' }
  if (message.payload === null) return { outcome: 'failed', reason: 'erased', error: { code: 0, title: 'Its words were erased', advice: 'Nothing to do.' } }
  const conversation = await conversationById(parts.db().write, message.conversation_id)
  const window = windowOf(conversation?.last_inbound_at ?? null, now)
  if (!window.known || window.open || message.type === 'template') return null
  return {
    outcome: 'failed',
    reason: 'window closed',
    error: { code: 0, title: 'The 24-hour window closed before this could leave', advice: 'Send an approved template, or wait until the customer writes.' },
  }
}

async function hand(parts: OutboxParts, message: MessageRow, closing: AbortSignal): Promise<SendResult> {
  const provider = parts.providers.get(message.number)
  if (!provider)
    return holding(parts, message, { outcome: 'hold', scope: 'account', reason: `no provider serves the number "${message.number}"`, afterMs: LONGEST_WAIT_MS })
  const parcel = await parcelOf(parts, message).catch(notYet)
  if ('outcome' in parcel) return parcel
  const turn = await parts.pace.turn(message.number, AbortSignal.any([AbortSignal.timeout(TURN_MS), closing]))
  if (turn !== 'go') return { outcome: 'retry', reason: 'the account holds', afterMs: SOON_MS }
  const result = await sendSafely(parts, message, provider, parcel, closing)
  if (result.outcome !== 'hold' || result.scope !== 'account') parts.pace.proved(message.number)
  return result.outcome === 'hold' ? holding(parts, message, result) : result
}

async function sendSafely(parts: OutboxParts, message: MessageRow, provider: Provider, parcel: Parcel, closing: AbortSignal): Promise<SendResult> {
  try {
    return await provider.send(parcel, AbortSignal.any([AbortSignal.timeout(REQUEST_MS), closing]))
  } catch (error) {
    parts.log.error({ message: message.id, error: reasonOf(error) }, 'the provider module failed')
    return { outcome: 'uncertain', reason: reasonOf(error) }
  }
}

async function parcelOf(parts: OutboxParts, message: MessageRow): Promise<Parcel | Extract<SendResult, { outcome: 'failed' }>> {
  const db = parts.db()
  const conversation = await conversationById(db.write, message.conversation_id)
  const contact = conversation ? (await contactsById(db.write, [conversation.contact_id])).get(conversation.contact_id) : undefined
  if (!contact) return { outcome: 'failed', reason: 'the contact is gone', error: { code: 0, title: 'The contact was erased', advice: 'Nothing to do.' } }
  const quoted = message.reply_to === null ? null : await messageById(db.write, message.reply_to)
  return {
    to: { phone: contact.wa_phone ?? contact.phone, bsuid: contact.bsuid },
    message: message.payload as SentMessage,
    ref: message.ref ?? '',
    replyTo: quoted?.provider_id ?? null,
    statusCallback: parts.callbackOf(message.number),
  }
}

type Holding = Extract<SendResult, { outcome: 'hold' }> & { afterMs: number }

/**
 * How long to hold. Of one recipient only this conversation waits, because its later messages wait for this one.
 * Source of 4ⁿ s: Meta "Error codes", 131056.
 */
function holding(parts: OutboxParts, message: MessageRow, result: Extract<SendResult, { outcome: 'hold' }>): Holding {
  const usual = result.scope === 'recipient' ? Math.min(LONGEST_WAIT_MS, 1000 * 4 ** (message.attempts - 1)) : backoff(message.attempts + 3)
  const afterMs = result.afterMs ?? usual
  if (result.scope === 'account') {
    parts.pace.hold(message.number, parts.now() + afterMs, result.error?.advice ?? result.reason)
    if (result.alert)
      parts.log.error({ number: message.number, reason: result.reason }, 'the provider refuses this account; nothing leaves until it is put right')
  }
  return { ...result, afterMs }
}

function settle(parts: OutboxParts, message: MessageRow, result: SendResult | { outcome: 'expired' }): Settlement {
  const now = parts.now()
  switch (result.outcome) {
    case 'accepted':
      return { status: 'accepted', providerId: result.providerId }
    case 'uncertain':
      return {
        status: 'uncertain',
        detail: result.reason,
        error: result.error ?? null,
        ...(result.providerId === undefined ? {} : { providerId: result.providerId }),
      }
    case 'failed':
      return { status: 'failed', detail: result.reason, error: result.error }
    case 'expired':
      return {
        status: 'expired',
        detail: 'It could not leave in time.',
        error: { code: 0, title: 'It could not leave in time', advice: 'Retry it if it still makes sense.' },
      }
    case 'retry': {
      const tries = triesOf(message, result)
      if (result.atMost !== undefined && tries >= result.atMost) {
        return {
          status: 'failed',
          detail: result.reason,
          error: result.error ?? { code: 0, title: result.reason, advice: 'Retry it later, or look at the provider.' },
        }
      }
      // Whose turn did not come heard nothing new: what the provider said before still counts.
      const error: Counted | null = result.error ? { ...result.error, ...(result.atMost === undefined ? {} : { tries }) } : message.error
      return { status: 'queued', detail: result.reason, error, nextAt: now + (result.afterMs ?? backoff(message.attempts)) }
    }
    case 'hold':
      return { status: 'queued', detail: result.reason, error: result.error ?? null, nextAt: now + (result.afterMs ?? 0) }
  }
}

/** While a message waits to be tried again its error counts how often the provider said this very thing: refused connections before it are no tries. */
type Counted = StatusError & { tries?: number }
function triesOf(message: MessageRow, { error }: { error?: StatusError }): number {
  const before = message.error as Counted | null
  return before !== null && before.code === error?.code ? (before.tries ?? 0) + 1 : 1
}

const backoff = (attempts: number): number => Math.max(100, Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempts))
