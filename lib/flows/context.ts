import { WaError } from '../errors'
import { windowOf } from '../model/window'
import { messageIn } from '../outbox/resolve'
import type { ContactChange, ContactRow } from '../store/contacts'
import type { ConversationRow, Step } from '../store/conversations'
import type { Query } from '../store/database'
import type { EventRow } from '../store/events'
import type { MessageRow } from '../store/messages'
import { holdEvent } from '../store/queue'
import { type Facts, offeredIds } from './facts'
import type { FlowDefinition } from './flow'
import { type Place, refOf, type Saying, type Utterance, utter, type VoiceParts, whatOf } from './voice'

/** What a context needs of the engine, beside a voice. */
export interface ContextParts extends VoiceParts {
  setMode(
    conversation: ConversationRow,
    mode: 'bot' | 'person',
    details: { from: 'code' | 'customer'; to?: string | null; note?: string | null; dedupe: string; guard?: Guard | undefined },
  ): Promise<void>
  changeContact(contact: ContactRow, change: ContactChange, guard?: Guard): Promise<ContactRow>
  clearStep(conversationId: number, guard?: Guard): Promise<void>
}
/** First in a transaction: throws when the attempt that wants something done is no longer the one. */
export type Guard = (trx: Query) => Promise<void>
/** One attempt of one listener at one event. */
export interface Attempt {
  event: EventRow
  listener: string
  attempt: number
  signal: AbortSignal
  contact: ContactRow
  conversation: ConversationRow
  message: MessageRow | null
  facts: Facts | null
}
export interface AskOptions {
  pattern?: RegExp
  retry?: string
  expiresInMs?: number
  key?: string
  replyTo?: string
  meta?: Record<string, string>
  from?: string
}

/** What a listener is handed. Types of the public face are laid over it in types.ts. */
export function createContext(parts: ContextParts, attempt: Attempt, startFlow: (flow: FlowDefinition, data: Record<string, unknown>) => Promise<void>) {
  const { event, conversation } = attempt
  let calls = 0
  const place = (key?: string): Place => {
    mustGoOn(attempt)
    return { event, listener: attempt.listener, call: calls++, key }
  }
  const saying = (what: Utterance, variables: unknown, options: AskOptions | undefined): Saying => ({
    what: whatOf(what, variables, 'words'),
    to: { id: attempt.contact.id },
    number: options?.from ?? conversation.number,
    replyTo: options?.replyTo === undefined ? null : Number(options.replyTo),
    meta: options?.meta ?? null,
    answering: true,
    conversation,
  })

  return {
    ...factFields(attempt),
    event: publicEvent(attempt),
    contact: publicContact(attempt.contact, async (change) => {
      mustGoOn(attempt)
      return parts.changeContact(attempt.contact, change, guardOf(parts, attempt))
    }),
    conversation: publicConversation(parts, conversation, { place: () => place(), guard: guardOf(parts, attempt) }),
    signal: attempt.signal,
    async say(what: Utterance, variables?: unknown, options?: AskOptions) {
      const queued = await utter(parts, place(options?.key), saying(what, variables, options))
      return { id: String(queued.id), status: queued.status }
    },
    async ask(what: Utterance, answer: string, variables?: unknown, options?: AskOptions): Promise<void> {
      const now = parts.now()
      await utter(parts, place(options?.key), saying(what, variables, options), (drawn) =>
        waiting({ flow: '', name: answer, data: {}, ids: offeredIds(messageIn(drawn)), steps: null }, options, now),
      )
    },
    async send(to: unknown, what: Utterance, variables?: unknown, options?: AskOptions) {
      const spoken = saying(what, isMessage(what) ? undefined : variables, isMessage(what) ? (variables as AskOptions | undefined) : options)
      const queued = await utter(parts, place(options?.key), { ...spoken, to: refOf(to, parts.defaultCountry), answering: false })
      return { id: String(queued.id), status: queued.status }
    },
    async start(flow: FlowDefinition, data: Record<string, unknown> = {}) {
      await startFlow(flow, data)
    },
    async handOver(options: { to?: string; note?: string } = {}) {
      const at = place()
      const { to = null, note = null } = options
      await parts.setMode(conversation, 'person', { from: 'code', to, note, dedupe: handoverKey(at), guard: guardOf(parts, attempt) })
    },
  }
}

/** Throws WA_ABORTED when the attempt was given up: it took too long, or its instance closes. */
export function mustGoOn(attempt: Pick<Attempt, 'signal' | 'listener'>): void {
  if (!attempt.signal.aborted) return
  const why = attempt.signal.reason instanceof WaError ? attempt.signal.reason.message : 'It took too long.'
  throw new WaError('WA_ABORTED', `This attempt of "${attempt.listener}" was given up and can say nothing more. ${why}`)
}

export const guardOf =
  (parts: Pick<ContextParts, 'db'>, attempt: Pick<Attempt, 'event'>): Guard =>
  (trx) =>
    holdEvent(trx, parts.db(), attempt.event)

const isMessage = (what: Utterance): boolean => typeof what === 'object' && !('ids' in what)
const handoverKey = (place: Place): string => JSON.stringify(['handover', place.event.id, place.event.replays, place.listener, place.call])

/** A wait, as it is stored. */
export function waiting(step: Pick<Step, 'flow' | 'name' | 'data' | 'ids' | 'steps'>, options: AskOptions | undefined, now: number): Omit<Step, 'messageId'> {
  return {
    ...step,
    since: now,
    pattern: options?.pattern ? [options.pattern.source, options.pattern.flags] : null,
    retry: options?.retry ?? null,
    expiresAt: options?.expiresInMs === undefined ? null : now + options.expiresInMs,
  }
}

function publicEvent(attempt: Attempt) {
  const { event, message } = attempt
  return {
    id: String(event.id),
    type: event.type,
    at: new Date(event.at),
    attempt: attempt.attempt,
    number: event.number,
    messageId: String(event.message_id ?? ''),
    late: event.late === 1,
    get raw(): unknown {
      return parsedOrText(event.raw)
    },
    providerId: message?.provider_id ?? null,
  }
}

/** The item as the provider sent it. What is no JSON stays text. */
function parsedOrText(raw: string | null): unknown {
  if (raw === null) return null
  try {
    return JSON.parse(raw)
  } catch {
    return raw
  }
}

export function publicContact(contact: ContactRow, change: (patch: ContactChange) => Promise<ContactRow>) {
  return {
    id: String(contact.id),
    phone: contact.phone,
    bsuid: contact.bsuid,
    username: contact.username,
    name: contact.name,
    externalId: contact.external_id,
    language: contact.language,
    optedOut: contact.opted_out === 1,
    attributes: contact.attributes,
    async set(patch: ContactChange): Promise<void> {
      await change(patch)
    },
  }
}

export function publicConversation(
  parts: Pick<ContextParts, 'now' | 'setMode' | 'clearStep'>,
  conversation: ConversationRow,
  attempt: { place: () => Place; guard: Guard } | null,
) {
  const window = windowOf(conversation.last_inbound_at, parts.now())
  const dedupe = (what: string): string =>
    attempt ? JSON.stringify([what, handoverKey(attempt.place())]) : JSON.stringify([what, conversation.id, parts.now(), Math.random()])
  return {
    id: String(conversation.id),
    number: conversation.number,
    mode: conversation.mode,
    window: { open: window.open, closesAt: window.closesAt === null ? null : new Date(window.closesAt) },
    step: conversation.step ? { flow: conversation.step.flow, name: conversation.step.name, since: new Date(conversation.step.since) } : null,
    async handOver(options: { to?: string; note?: string } = {}): Promise<void> {
      const { to = null, note = null } = options
      await parts.setMode(conversation, 'person', { from: 'code', to, note, dedupe: dedupe('handover'), guard: attempt?.guard })
    },
    async handBack(options: { restart?: boolean } = {}): Promise<void> {
      await parts.setMode(conversation, 'bot', { from: 'code', dedupe: dedupe('handback'), guard: attempt?.guard })
      if (options.restart) await parts.clearStep(conversation.id, attempt?.guard)
    },
  }
}

/** The fields that depend on what arrived: `reply`, `text`, `media`, `location`, … */
function factFields(attempt: Attempt): Record<string, unknown> {
  const { event, facts } = attempt
  if (!facts) return (event.payload as Record<string, unknown> | null) ?? {}
  const { payload } = facts
  const reply = facts.reply
    ? { id: facts.reply.id, title: facts.reply.title, via: facts.reply.via, stale: facts.reply.stale, repeat: facts.reply.repeat, menu: facts.reply.menu }
    : undefined
  const fields = {
    text: facts.text,
    reply,
    media: payload.media,
    location: payload.location,
    form: payload.form,
    reaction: payload.reaction,
    original: payload.original,
    reason: payload.reason,
  }
  return { ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)), answer: answerOf(facts, reply) }
}

function answerOf(facts: Facts, reply: unknown): Record<string, unknown> {
  const { media, location } = facts.payload
  return { ...(facts.text === null ? {} : { text: facts.text }), ...(reply ? { reply } : {}), ...(media ? { media } : {}), ...(location ? { location } : {}) }
}
