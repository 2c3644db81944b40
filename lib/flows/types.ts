// biome-ignore-all lint/suspicious/noExplicitAny: a pattern of `infer` must match a menu of any key, ids and variables; `unknown` would match none.
import type { IdsOf, Menu, VarsOf } from '../model/builders'
import type { IncomingMedia } from '../model/event'
import type { Status } from '../model/message'
import type { Message } from '../model/send-check'

/** `declare module 'wa-interactive' { interface Register { menus: {…}; contact: {…} } }` adds what the compiler cannot see in the code. */
// biome-ignore lint/suspicious/noEmptyInterface: it is empty here so that hosts can add to it.
export interface Register {}
export type RegMenus = Register extends { menus: infer M } ? M : {}
export type ContactAttributes = Register extends { contact: infer C } ? C : Record<string, string | number | boolean | null>

export interface SendOptions {
  /** Business number to send from, when there are several. */
  from?: string
  /** Id of the message to quote. */
  replyTo?: string
  /** The same key is the same message, however often it is sent. */
  idempotencyKey?: string
  /** Comes back in `status` events. */
  meta?: Record<string, string>
}
export interface AskOptions extends SendOptions {
  /** What a typed answer must match; an answer that does not is asked for again. */
  pattern?: RegExp
  /** Said instead of the question when an answer does not fit. */
  retry?: string
  /** After this nobody waits for the answer any more. */
  expiresInMs?: number
}
/** Where to: a phone number as `+E.164`, or one of the identities of a contact. */
export type To = string | { phone: string } | { bsuid: string } | { externalId: string } | { id: string }
export interface Sent {
  id: string
  status: Status
}

// What may follow the words: variables are required as soon as one without a default is used.
type RestOf<V> = unknown extends V
  ? [variables?: Record<string, unknown>, options?: SendOptions]
  : {} extends V
    ? [variables?: V, options?: SendOptions]
    : [variables: V, options?: SendOptions]
export type Rest<X, M> =
  X extends Menu<any, any, infer V>
    ? RestOf<V>
    : X extends string
      ? X extends keyof RegMenus
        ? RestOf<RegMenus[X] extends { variables: infer V } ? V : {}>
        : Extract<M, { key: X }> extends Menu<any, any, infer V>
          ? RestOf<V>
          : never
      : [options?: SendOptions]

export interface ContactPatch {
  externalId?: string | null
  language?: string | null
  name?: string
  optedOut?: boolean
  attributes?: Partial<ContactAttributes>
}
/** A customer. Phone and user id are both nullable: somebody with a username may have no phone number for you. */
export interface Contact {
  readonly id: string
  readonly phone: string | null
  readonly bsuid: string | null
  readonly username: string | null
  readonly name: string | null
  readonly externalId: string | null
  readonly language: string | null
  readonly optedOut: boolean
  readonly attributes: Readonly<ContactAttributes>
  set(patch: ContactPatch): Promise<void>
}
/** One contact with one business number. */
export interface Conversation {
  readonly id: string
  readonly number: string
  readonly mode: 'bot' | 'person'
  /** 24 hours from the customer's last words, by the provider's clock. */
  readonly window: { open: boolean; closesAt: Date | null }
  readonly step: { flow: string; name: string; since: Date } | null
  handOver(options?: { to?: string; note?: string }): Promise<void>
  handBack(options?: { restart?: boolean }): Promise<void>
}
/** One thing that happened. Delivered at least once: `id` is the same in every attempt. */
export interface WaEvent {
  readonly id: string
  readonly type: string
  readonly at: Date
  /** 1 at first; counts this listener's attempts. */
  readonly attempt: number
  readonly number: string
  readonly messageId: string
  /** The item as the provider sent it, parsed. */
  readonly raw: unknown
  /** It stepped aside after three quick tries: later words of the same customer may have been handled before it. */
  readonly late: boolean
}
/** The one argument of a listener. */
export interface Context {
  readonly event: WaEvent
  readonly contact: Contact
  readonly conversation: Conversation
  /** Aborts when the attempt takes too long; after that it can say nothing more. */
  readonly signal: AbortSignal
  /** Answers the customer: words, a menu, or a message. Resolves when the row is committed; the same words at the same place are sent once, however often the listener runs. */
  say<const X extends string | Menu | Message>(
    what: X,
    ...rest: X extends string ? [variables?: {}, options?: SendOptions & { key?: string }] : Rest<X, never>
  ): Promise<Sent>
  /** Says it, and stores that the customer is asked: the answer goes to `onAnswer(answer)`, tomorrow, after a deploy, on another instance. */
  ask<const X extends string | Menu | Message>(
    what: X,
    answer: string,
    ...rest: X extends string ? [variables?: {}, options?: AskOptions] : Rest<X, never>
  ): Promise<void>
  /** Sends to somebody else. */
  send<const X extends Menu | Message>(to: To | Contact, what: X, ...rest: Rest<X, never>): Promise<Sent>
  start(flow: Flow, data?: Record<string, unknown>): Promise<void>
  /** A person takes over: the bot is silent until `handBack`. */
  handOver(options?: { to?: string; note?: string }): Promise<void>
}
/** A customer's tap. */
export interface Reply<I extends string = string, V = unknown, K extends string = string> {
  readonly id: I
  readonly title: string
  readonly via: 'button' | 'list' | 'template' | 'text'
  /** The tapped menu is not the newest: an older version, or a later menu has replaced it. */
  readonly stale: boolean
  /** The same option of the same message was tapped before. */
  readonly repeat: boolean
  /** The message that was answered, null when the provider sent no context. */
  readonly menu: { key: K; version: number; variables: V; messageId: string } | null
}
export type InboundMedia = Readonly<IncomingMedia>
export interface Place {
  latitude: number
  longitude: number
  name?: string
  address?: string
}
export interface Answer {
  text?: string
  reply?: Reply
  media?: InboundMedia
  location?: Place
}
/** What `wa.on` hears, and what it is given. */
export interface EventMap<I extends string = string> {
  reply: Context & { reply: Reply<I> }
  button_reply: Context & { reply: Reply<I> }
  list_reply: Context & { reply: Reply<I> }
  quick_reply: Context & { reply: Reply<I> }
  text: Context & { text: string }
  media: Context & { media: InboundMedia }
  location: Context & { location: Place }
  contacts: Context
  order: Context
  form: Context & { form: { name: string | null; response: Record<string, unknown> | null } }
  reaction: Context & { reaction: { to: string | null; emoji: string | null } }
  edit: Context & { original: string | null }
  revoke: Context & { original: string | null }
  system: Context
  unsupported: Context & { reason?: string }
  unmatched: Context & { text: string | null }
  message: Context
  status: {
    event: WaEvent
    message: { id: string; status: Status; error: { code: number; title: string; advice: string } | null; meta: Record<string, string> }
  }
  handover: Context & { from: 'customer' | 'code' | 'staff'; by: string | null; note: string | null }
  handback: Context & { by: string | null }
  opt_out: Context
  opt_in: Context
  menu_published: { event: WaEvent; menu: { key: string; version: number }; by: string }
}

/** A talk in several steps, made by `flow()`. */
export interface Flow<N extends string = string> {
  readonly name: N
}
/** What a step returns: what happens next. */
export interface Next {
  readonly $next: true
}
export interface StepContext<K extends string, D> extends Omit<Context, 'ask' | 'start'> {
  readonly answer: Answer
  readonly text: string
  /** Kept with the conversation from step to step. */
  data: D
  ask<const X extends string | Menu | Message>(
    what: X,
    next: K | (X extends Menu ? { [I in IdsOf<X>]: K } : never),
    ...rest: X extends string ? [variables?: {}, options?: AskOptions] : Rest<X, never>
  ): Next
  go(next: K): Next
  end(text?: string): Next
  start(flow: Flow): Next
}
export type StepFn<K extends string, D> = (context: StepContext<K, D>) => Next | Promise<Next>
export type { IdsOf, VarsOf }
