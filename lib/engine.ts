import type { Fault } from './errors'
import type { Logger } from './log'
import type { EventState } from './model/event'
import type { MenuSpec } from './model/menu'
import type { SentMessage, Status } from './model/message'
import type { Knock, Provider } from './providers/provider'
import type { Actor } from './store/audit'
import type { Db, Query } from './store/database'
import type { StoredMenu } from './store/menus'
import type { UpTo } from './store/rows'

/** One business number and the provider that serves it. */
export interface Line {
  /** Name in `numbers`; `default` when there is one. */
  readonly number: string
  readonly provider: Provider
}

/** Who listens to an option, in words for the editor. */
export interface Hearing {
  /** Reply id, or a prefix that ends in `:`. */
  readonly id: string
  /** Only taps on this menu; null for any. */
  readonly menu: string | null
  /** Name of the listener: `reply:track_order`. */
  readonly listener: string
}

export interface Answered {
  status: number
  headers: Record<string, string>
  body: string
}

/** Something to send: a stored menu by key, or a message. */
export type What = { menu: string; variables?: Record<string, unknown> } | { message: SentMessage }
export interface SendRequest {
  to: { phone: string } | { bsuid: string } | { externalId: string } | { id: string }
  what: What
  number?: string | undefined
  /** Our id of the message that is quoted. */
  replyTo?: string | undefined
  meta?: Record<string, string> | undefined
  idempotency?: { key: string; fingerprint: string } | undefined
  /** Person of the staff who sends; null for code. */
  by?: Actor | null | undefined
  /** First in the transaction: throws when whoever sends may no longer do so. */
  guard?: ((trx: Query) => Promise<void>) | undefined
}
export interface Sent {
  id: string
  status: Status
}

/** Which messages a decision is about: those that stand in one of these states, up to an id. */
export interface Matching extends UpTo {
  statuses: readonly Status[]
}

/** What the HTTP side needs of the engine: nothing of it knows HTTP, nothing of HTTP knows how it works. */
export interface Engine {
  readonly state: 'starting' | 'ready' | 'closing' | 'closed' | 'failed'
  /** Why `state` is failed. */
  readonly failure: Error | null
  /** Throws WA_CLOSED or WA_DATABASE while there is none. */
  readonly db: Db
  readonly log: Logger
  readonly lines: ReadonlyMap<string, Line>
  /** Public https address of the mount, null when unknown. */
  readonly publicUrl: string | null
  /** Calling code for national phone numbers; undefined: only +E.164 is taken. */
  readonly defaultCountry: string | undefined
  now(): number
  /** The webhook door: bytes in, answer out, whether they came over the network or from the phone in the browser. */
  knock(number: string, knock: Knock): Promise<Answered>
  /** A webhook call was turned away before it came to the door: counted, and told seldom. `gone`: its bytes were consumed before us. */
  refused(number: string, status: number, reason: string, gone: boolean): void
  /** Queues a message. Throws WaError (window closed, unknown menu, missing variable, …). Resolves when the row is committed. */
  send(request: SendRequest): Promise<Sent>
  /** What would be sent: rendered, checked, not queued. */
  draw(what: What): Promise<SentMessage>
  /** A person's decision on a message: `retry` sends it again (failed, uncertain, expired, canceled) or now (queued for a later try), `arrived` believes it (uncertain), `cancel` drops it (queued, uncertain, failed, expired). Throws WA_STATE. */
  decideMessage(id: string, decision: 'retry' | 'arrived' | 'cancel', by: Actor): Promise<Sent>
  /** The same on all that match, in batches, oldest first. Answers how many moved. */
  decideMessages(which: Matching, decision: 'retry' | 'cancel', by: Actor): Promise<number>
  /** A person's decision on an event. Throws WA_STATE when it stands elsewhere. */
  decideEvent(id: string, decision: 'retry' | 'discard' | 'replay', by: Actor): Promise<void>
  /** The same on all that match, in batches, oldest first: `retry` hears them again, `discard` lets them go. Answers how many moved. */
  decideEvents(which: UpTo & { states: readonly EventState[] }, decision: 'retry' | 'discard', by: Actor): Promise<number>
  /** A person takes over or gives back. */
  setMode(conversationId: string, mode: 'bot' | 'person', by: Actor, note?: string): Promise<void>
  /** The customer said to a person that they want no more messages, or want them again. */
  setOptOut(contactId: number, optedOut: boolean, by: Actor): Promise<void>
  /** Publishes a menu's draft after every check. Throws WA_MENU_LIMIT, WA_MENU_IN_USE (unless `force`), WA_MENU_STALE. */
  publish(key: string, by: Actor, options: { expected?: number | null; force?: boolean }): Promise<{ version: number; changed: boolean; menu: StoredMenu }>
  /** Makes an older version live again, as a new version, after the same checks. A draft stays. Throws WA_MENU_LIMIT, WA_MENU_IN_USE (unless `force`), WA_NOT_FOUND. */
  rollBack(key: string, version: number, by: Actor, options: { force?: boolean }): Promise<number>
  /** Who listens to which option id. */
  hearings(): readonly Hearing[]
  /** Listeners that would no longer be reached if `next` became live in place of what is live now. */
  wouldBreak(key: string, next: MenuSpec): Promise<readonly (Hearing & { fault: Fault })[]>
  /** Variables that the code's declaration of this menu has: staff need not use them all. */
  declaredVariables(menu: StoredMenu): readonly string[]
  /** When something authentic last knocked at the webhook, and since the start: how many calls were refused, and how many came without their bytes (not among the refused). */
  readonly door: { readonly lastHeard: number | null; readonly refused: number; readonly gone: number }
  /** Why nothing leaves from this business number at the moment, for people, whichever instance was told so; null when it does. */
  whyHeld(number: string): Promise<string | null>
  /** Called after every commit that a viewer would see. Answers how to stop. */
  onChange(listener: (conversationId: number | null) => void): () => void
}
