import { setMaxListeners } from 'node:events'
import { reasonOf } from '../errors'
import type { Logger } from '../log'
import type { StatusError } from '../model/event'
import type { SentMessage } from '../model/message'
import { windowOf } from '../model/window'
import type { Parcel, Provider, SendResult } from '../providers/provider'
import { findContact, identify } from '../store/contacts'
import { conversationById } from '../store/conversations'
import type { Db } from '../store/database'
import { expireLeases, releaseOutbound, type Settlement } from '../store/departures'
import { insist } from '../store/insist'
import { leaseToken } from '../store/lease'
import { claimOutgoing, type Due, dueOutgoing, type LeavingMessage, type Outgoing } from '../store/outgoing'
import type { Work } from '../worker'
import { type Allowance, RETRY_MS } from './allowance'
import { createGate, type Gate } from './gate'
import type { Pace } from './pace'
import type { Ready } from './ready'
import { createSettler } from './settler'
import { standIn } from './stand-in'

/** A lease outlives the request it covers, so that only a dead process loses it. */
const LEASE_MS = 60_000
/** Turn and request together stay within the lease; what is left of it serves to write down the answer. */
const TURN_MS = 10_000
const INSIST_MS = 25_000
/** What waited so long for its turn is given back, while its lease still covers turn and request. */
const GATE_MS = 15_000
/** How often leases that ran out are looked for. */
const EXPIRY_MS = 20_000
/** A message that did not get as far as the request: nothing left, so it may go again soon. */
const SOON_MS = 1000
/** Waits grow from 1 s to 5 min, each drawn at random below its bound, so that many waiters do not come back together. */
const FIRST_WAIT_MS = 1000
const LONGEST_WAIT_MS = 300_000

export interface OutboxParts {
  db: () => Db
  providers: ReadonlyMap<string, Provider>
  pace: Pace
  allowance: Allowance
  ready: Ready
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

export interface OutboxWork extends Work<Outgoing> {
  /** How long a message may be `sending`. */
  leaseMs: number
  /** One message of this number may leave now: its account does not hold, and its rate has a place that nobody waits for, or gives one when asked. */
  mayLeave(number: string): Promise<boolean>
  /** Something was perhaps written down under this lease, and nobody was handed it. */
  disown(token: string): void
}

/**
 * The outbox as work: claim what may leave, hand it to its provider, record what became of it. As many again as may be on their way are claimed ahead or
 * being written down, so that no connection waits for the database. A process that dies leaves them `sending`: nobody knows what left, and nothing is sent twice.
 */
export function outboxWork(parts: OutboxParts): OutboxWork {
  const unconfirmed = new Set<string>()
  const closing = new AbortController()
  setMaxListeners(0, closing.signal)
  const gate = createGate(parts.concurrency)
  const settled = createSettler(parts.db, parts.now)
  let looked = Number.NEGATIVE_INFINITY
  let withheld = false

  /** Of the messages that are due, those that the rates of their numbers let go. */
  const allowed = async (due: readonly Due[]): Promise<number[]> => {
    const going: number[] = []
    for (const { number, ids } of due) {
      await parts.allowance.ask(number, ids.length)
      if (parts.pace.held(parts.now()).includes(number)) continue
      const some = ids.slice(0, parts.allowance.room(number))
      if (some.length === 0) withheld = true
      going.push(...some)
    }
    return going
  }

  return {
    name: 'outbox',
    concurrency: 2 * parts.concurrency,
    async claim(limit) {
      // Half of those that may be on their way at once: a claim is a commit, and is not worth it for one message while others leave.
      if (limit < parts.concurrency / 2) return []
      const now = parts.now()
      for (const token of unconfirmed) {
        await releaseOutbound(parts.db(), token, now)
        unconfirmed.delete(token)
      }
      if (performance.now() - looked > EXPIRY_MS) {
        await expireLeases(parts.db(), now)
        looked = performance.now()
      }
      withheld = false
      const due = await dueOutgoing(parts.db(), limit, now, closedNow(parts, now))
      const ids = due.length === 0 ? [] : await allowed(due)
      if (withheld) parts.wakeIn(RETRY_MS)
      if (ids.length === 0) return []
      const token = leaseToken(parts.holder)
      try {
        const claimed = await claimOutgoing(parts.db(), ids, token, now, LEASE_MS)
        // Another instance was faster with some of them; what stands behind those may leave now.
        if (claimed.length < ids.length) parts.wakeIn(RETRY_MS)
        return claimed
      } catch (error) {
        unconfirmed.add(token)
        throw error
      }
    },
    leaseMs: LEASE_MS,
    async mayLeave(number) {
      const places = parts.pace.places.get(number)
      if (!places || places.waiting > 0 || parts.pace.whyHeld(number, parts.now()) !== null) return false
      // Nothing was sent for a while: asked now, not after the message was written down and looked for.
      if (places.idle() === 0 && places.inUse() === 0) await parts.allowance.ask(number, 1)
      return places.idle() > 0
    },
    disown: (token) => unconfirmed.add(token),
    withheld: () => withheld,
    run: (outgoing) => deliver(parts, outgoing, gate, settled, closing.signal),
    giveUp: () => closing.abort(),
  }
}

/** Numbers of which nothing is to be claimed: they hold, or as many wait for a place as may. */
const closedNow = ({ pace, allowance }: OutboxParts, now: number): string[] => [
  ...new Set([...pace.held(now), ...[...pace.places].flatMap(([number, { held }]) => (held > 0 && allowance.room(number) === 0 ? [number] : []))]),
]

async function deliver(parts: OutboxParts, outgoing: Outgoing, gate: Gate, settled: ReturnType<typeof createSettler>, closing: AbortSignal): Promise<void> {
  const since = performance.now()
  const entered = await gate.enter(closing)
  const late = performance.now() - since > GATE_MS
  let result: SendResult | { outcome: 'expired' }
  let leaving = outgoing
  try {
    if (!entered || late) result = NOT_BEGUN
    else {
      leaving = await asMayLeave(parts, outgoing)
      result = whyNot(parts, leaving) ?? (await hand(parts, leaving, closing))
    }
  } catch (error) {
    // Nothing was handed over yet: `hand` throws nothing.
    parts.log.warn({ message: outgoing.message.id, error: reasonOf(error) }, 'the template of a menu whose window had closed could not be written; later again')
    result = NOT_BEGUN
  } finally {
    if (entered) gate.leave()
  }
  const { message } = leaving
  const settlement = settle(parts, message, result)
  const { mine, released } = await insist(() => settled({ message, settlement }), INSIST_MS)
  if (!mine) parts.log.debug({ message: message.id }, 'a status was faster than the answer of the provider')
  if (result.outcome === 'accepted' && result.phone !== undefined) await learnNumber(parts, message, result.phone)
  if (released > 0) parts.wakeInbox()
  if (settlement.nextAt !== undefined) parts.wakeIn(settlement.nextAt - parts.now())
  parts.changed(message.conversation_id)
}

/** The provider knows the customer under another spelling of the number: under that one they will write to us. */
async function learnNumber(parts: OutboxParts, message: LeavingMessage, phone: string): Promise<void> {
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

/** Claimed, but its turn did not come: nothing left. */
const NOT_BEGUN: Extract<SendResult, { outcome: 'retry' }> = { outcome: 'retry', reason: 'not sent yet', afterMs: SOON_MS }

type Blocked = { outcome: 'expired' } | Extract<SendResult, { outcome: 'failed' | 'retry' }> | null

/** What was allowed when it was decided may no longer be so when it leaves. */
function whyNot(parts: OutboxParts, outgoing: Outgoing): Blocked {
  const { message } = outgoing
  if (isExpired(parts, message)) return { outcome: 'expired' }
  if (message.json === null) return { outcome: 'failed', reason: 'erased', error: { code: 0, title: 'Its words were erased', advice: 'Nothing to do.' } }
  if (!isClosed(parts, outgoing)) return null
  return {
    outcome: 'failed',
    reason: 'window closed',
    error: { code: 0, title: 'The 24-hour window closed before this could leave', advice: 'Send an approved template, or wait until the customer writes.' },
  }
}

const isExpired = (parts: OutboxParts, { expires_at }: LeavingMessage): boolean => expires_at !== null && expires_at <= parts.now()

/** Only an approved template may leave now, and this is none. */
function isClosed(parts: OutboxParts, { message, lastInboundAt }: Outgoing): boolean {
  const window = windowOf(lastInboundAt, parts.now())
  return window.known && !window.open && message.type !== 'template'
}

/** With the template in place of a menu whose window closed while it waited. Throws what the database throws; nothing has left then. */
async function asMayLeave(parts: OutboxParts, outgoing: Outgoing): Promise<Outgoing> {
  const { message } = outgoing
  if (!isClosed(parts, outgoing) || message.json === null || isExpired(parts, message)) return outgoing
  const template = await standIn(parts.db(), message, parts.now())
  if (!template) return outgoing
  // What was written for the wire are the words that may not leave any more.
  parts.ready.take(message.id)
  return { ...outgoing, message: template }
}

async function hand(parts: OutboxParts, outgoing: Outgoing, closing: AbortSignal): Promise<SendResult> {
  const { message } = outgoing
  const provider = parts.providers.get(message.number)
  if (!provider)
    return holding(parts, message, { outcome: 'hold', scope: 'account', reason: `no provider serves the number "${message.number}"`, afterMs: LONGEST_WAIT_MS })
  const parcel = parcelOf(parts, outgoing)
  if ('outcome' in parcel) return parcel
  const place = await parts.pace.turn(message.number, closing, TURN_MS)
  if (place === null) return { outcome: 'retry', reason: 'the account holds', afterMs: SOON_MS }
  const result = await sendSafely(parts, message, provider, parcel, closing)
  place.answered()
  if (result.outcome !== 'hold' || result.scope !== 'account') await parts.allowance.proved(message.number)
  return result.outcome === 'hold' ? holding(parts, message, result) : result
}

async function sendSafely(parts: OutboxParts, message: LeavingMessage, provider: Provider, parcel: Parcel, closing: AbortSignal): Promise<SendResult> {
  try {
    // Providers end a request that hangs by themselves (SEND_TIMEOUT_MS): a signal with a timer for every message would cost as much as its request.
    return await provider.send(parcel, closing)
  } catch (error) {
    parts.log.error({ message: message.id, error: reasonOf(error) }, 'the provider module failed')
    return { outcome: 'uncertain', reason: reasonOf(error) }
  }
}

function parcelOf(parts: OutboxParts, { message, to, quoted }: Outgoing): Parcel | Extract<SendResult, { outcome: 'failed' }> {
  if (!to) return { outcome: 'failed', reason: 'the contact is gone', error: { code: 0, title: 'The contact was erased', advice: 'Nothing to do.' } }
  return {
    to,
    get message() {
      return JSON.parse(message.json as string) as SentMessage
    },
    content: parts.ready.take(message.id),
    ref: message.ref ?? '',
    replyTo: quoted,
    statusCallback: parts.callbackOf(message.number),
  }
}

type Holding = Extract<SendResult, { outcome: 'hold' }> & { afterMs: number }

/**
 * How long to hold. Of one recipient only this conversation waits, because its later messages wait for this one.
 * Source of 4ⁿ s: Meta "Error codes", 131056.
 */
async function holding(parts: OutboxParts, message: LeavingMessage, result: Extract<SendResult, { outcome: 'hold' }>): Promise<Holding> {
  const usual = result.scope === 'recipient' ? Math.min(LONGEST_WAIT_MS, 1000 * 4 ** (message.attempts - 1)) : backoff(message.attempts + 3)
  const afterMs = result.afterMs ?? usual
  if (result.scope === 'account') {
    if (result.alert)
      parts.log.error({ number: message.number, reason: result.reason }, 'the provider refuses this account; nothing leaves until it is put right')
    await parts.allowance.hold(message.number, afterMs, result.error?.advice ?? result.reason)
  }
  return { ...result, afterMs }
}

function settle(parts: OutboxParts, message: LeavingMessage, result: SendResult | { outcome: 'expired' }): Settlement {
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
function triesOf(message: LeavingMessage, { error }: { error?: StatusError }): number {
  const before = message.error as Counted | null
  return before !== null && before.code === error?.code ? (before.tries ?? 0) + 1 : 1
}

/** Whole milliseconds: PostgreSQL takes no others. */
const backoff = (attempts: number): number => Math.round(Math.max(100, Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempts)))
