import type { Incoming, StatusError } from '../model/event'
import type { SentMessage } from '../model/message'

/** One HTTP request at the webhook door, its body still the bytes that were signed. */
export interface Knock {
  method: 'GET' | 'POST'
  /** Lower-case names. */
  headers: Readonly<Record<string, string | undefined>>
  query: URLSearchParams
  body: Buffer
}

/** What the provider module says about a knock. `answer` ends the request at once (verification handshakes). */
export type Verdict = { ok: true } | { ok: false; status: 401 | 403 | 503; reason: string } | { answer: { status: number; contentType: string; body: string } }

/** One message to leave. */
export interface Parcel {
  to: { phone: string | null; bsuid: string | null }
  message: SentMessage
  /** The message's content object as JSON without the outer braces, when somebody wrote it already: to the letter what `contentOf` makes of it. */
  content?: string | null
  /** Echoed by the provider in its status callbacks; how a lost answer is reconciled. */
  ref: string
  /** Provider id of the message this one quotes. */
  replyTo: string | null
  /** Absolute https address of our webhook, null when the host's public address is not known. */
  statusCallback: string | null
}

/**
 * What became of a parcel.
 * `accepted`: the provider has it. `uncertain`: it may have it, never resend blindly. `retry`: it surely has it not, try again.
 * `hold`: as retry, and nothing else leaves to this `recipient` or from this whole `account` meanwhile. `failed`: it never will.
 */
export type SendResult =
  | { outcome: 'accepted'; providerId: string /** phone number as the provider knows it, when it differs */; phone?: string }
  | { outcome: 'uncertain'; reason: string; error?: StatusError /** the id, when the provider gave one */; providerId?: string }
  | {
      outcome: 'retry'
      reason: string
      error?: StatusError
      afterMs?: number /** tries in all before it fails; default: until the message expires */
      atMost?: number
    }
  | {
      outcome: 'hold'
      scope: 'recipient' | 'account'
      reason: string
      error?: StatusError
      afterMs?: number /** a person must act first (credentials, blocked account) */
      alert?: boolean
    }
  | { outcome: 'failed'; reason: string; error: StatusError }

/** What the engine lends to a provider at start. */
export interface Ground {
  /** Hand bytes to our own webhook door, as the network would. The simulator's phone and its status callbacks enter here. */
  knock(knock: Knock): Promise<{ status: number; body: string }>
  now(): number
  log: { debug(o: object, msg: string): void; warn(o: object, msg: string): void }
}

/** A provider: all that is known of one wire, in one file. */
export interface Provider {
  readonly name: 'exotel' | 'cloudApi' | 'simulator'
  /** Business number as people know it, for the dashboard; null when unknown. */
  readonly from: string | null
  /** Settings for the health page, secrets masked to their last four characters. */
  readonly settings: Readonly<Record<string, string>>
  /** What is missing before this provider can work, as names of settings; empty when complete. */
  readonly missing: readonly string[]
  /** Requests per second that leave at most. */
  readonly perSecond: number
  /** Is this request authentic? Constant time; never throws. */
  verify(knock: Knock): Verdict
  /** False when the head alone settles that `verify` will refuse: then nobody reads megabytes of a stranger. */
  needsBody?(head: Omit<Knock, 'body'>): boolean
  /** Every entry, change, message and status of a body. Never throws: what cannot be read comes back as `unrecognised`. */
  parse(body: Buffer): Incoming[]
  /** What would leave for this parcel, for tests and the preview of the wire. */
  wire(parcel: Parcel): unknown
  /** Deliver one parcel. Resolves with what became of it; rejects only on a fault of ours. `signal` ends a hanging request. */
  send(parcel: Parcel, signal: AbortSignal): Promise<SendResult>
  start?(ground: Ground): void
  /** Close connections. */
  close?(): void
}
