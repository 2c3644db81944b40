/** One thing that is wrong, where, and the way out. Every check reports all of its faults at once. */
export interface Fault {
  /** Where, in the words of the JSON: `sections[0].rows[2].title`. Empty for the whole. */
  readonly path: string
  /** What happened, to which thing, what was expected, what to do: one sentence or two. */
  readonly message: string
  /** What was found: a length, a count, a value (shortened). */
  readonly actual?: unknown
  /** What is allowed. */
  readonly limit?: unknown
  /** The way out, as an instruction. */
  readonly fix?: string
}

/** Every code a host can meet, with the HTTP status under which the API answers it. Stable: people script against them. */
export const CODES = {
  WA_OPTION_INVALID: { status: 500, title: 'An option of waInteractive() is not valid' },
  WA_PROVIDER_UNKNOWN: { status: 500, title: 'No such provider' },
  WA_PROVIDER_UNCONFIGURED: { status: 503, title: 'The provider is not configured' },
  WA_LISTENER_DUPLICATE: { status: 500, title: 'A second listener of the same name' },
  WA_CLOSED: { status: 503, title: 'Closing, closed or not yet ready' },
  WA_DATABASE: { status: 503, title: 'The database does not answer' },
  WA_TOO_SLOW: { status: 503, title: 'The question takes too long' },
  WA_MENU_UNKNOWN: { status: 404, title: 'No such menu' },
  WA_MENU_LIMIT: { status: 422, title: 'The menu breaks a limit of WhatsApp' },
  WA_MENU_READ_ONLY: { status: 409, title: 'The menu is owned by code' },
  WA_MENU_IN_USE: { status: 409, title: 'Something listens to an option that would go' },
  WA_MENU_STALE: { status: 412, title: 'Somebody else changed the menu meanwhile' },
  WA_VARIABLE_MISSING: { status: 422, title: 'A variable has no value' },
  WA_VARIABLE_UNKNOWN: { status: 422, title: 'A variable that the menu does not know' },
  WA_MESSAGE_INVALID: { status: 422, title: 'The message cannot be sent' },
  WA_PHONE_INVALID: { status: 422, title: 'Not a phone number' },
  WA_CONTACT_UNKNOWN: { status: 404, title: 'No such contact' },
  WA_NUMBER_UNKNOWN: { status: 422, title: 'No such business number' },
  WA_WINDOW_CLOSED: { status: 409, title: 'The 24-hour window is closed' },
  WA_OPTED_OUT: { status: 409, title: 'The customer does not want messages' },
  WA_IDEMPOTENCY_MISMATCH: { status: 422, title: 'The same Idempotency-Key with another body' },
  WA_STATE: { status: 409, title: 'Not possible in this state' },
  WA_RECIPIENT_LIMIT: { status: 429, title: 'Too many messages to one recipient' },
  WA_BODY_INVALID: { status: 400, title: 'The body cannot be read' },
  WA_BODY_TOO_LARGE: { status: 413, title: 'The body is too large' },
  WA_BODY_TYPE: { status: 415, title: 'The content type is not supported' },
  WA_RAW_BODY_GONE: { status: 500, title: 'The raw body was consumed before us' },
  WA_REQUEST_INVALID: { status: 422, title: 'The request is not valid' },
  WA_SIGNATURE: { status: 401, title: 'Wrong signature or token' },
  WA_UNAUTHORIZED: { status: 401, title: 'Missing or wrong key' },
  WA_TOO_MANY_ATTEMPTS: { status: 429, title: 'Too many wrong passwords' },
  WA_FORBIDDEN: { status: 403, title: 'Not allowed' },
  WA_NOT_CONFIGURED: { status: 403, title: 'Closed until you say who may enter' },
  WA_CROSS_SITE: { status: 403, title: 'The request came from another site' },
  WA_NOT_FOUND: { status: 404, title: 'No such thing here' },
  WA_METHOD: { status: 405, title: 'Not with this method' },
  WA_ABORTED: { status: 409, title: 'This attempt was given up' },
  WA_INTERNAL: { status: 500, title: 'Something went wrong on our side' },
} as const

export type WaCode = keyof typeof CODES

/** Every error this package throws on purpose. `code` is stable; `faults` lists all that is wrong. */
export class WaError extends Error {
  override readonly name = 'WaError'
  readonly code: WaCode
  readonly faults: readonly Fault[]
  /** HTTP status under which the API reports this error. */
  readonly status: number

  constructor(code: WaCode, message: string, faults: readonly Fault[] = [], options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.faults = faults
    this.status = CODES[code].status
  }
}

/** Throw it in a listener to be called again, after `afterMs` or after the usual backoff. */
export class Retry extends Error {
  override readonly name = 'Retry'
  /** Milliseconds until the next attempt; undefined for the usual backoff. */
  readonly afterMs: number | undefined
  constructor(options: { afterMs?: number } = {}) {
    super(options.afterMs === undefined ? 'asked to be retried' : `asked to be retried after ${options.afterMs} ms`)
    this.afterMs = options.afterMs
  }
}

/** Throw it in a listener to give up at once: the event goes to "needs attention" with this reason. */
export class Stop extends Error {
  override readonly name = 'Stop'
}

/** The text of anything that was thrown. */
export const reasonOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown))
