/** Where the package writes. pino, winston and console fit. */
export interface Logger {
  debug(o: object, msg: string): void
  info(o: object, msg: string): void
  warn(o: object, msg: string): void
  error(o: object, msg: string): void
}
const LEVELS = ['debug', 'info', 'warn', 'error'] as const

const NOTHING = (): void => {}
export const SILENT: Logger = { debug: NOTHING, info: NOTHING, warn: NOTHING, error: NOTHING }

/** One JSON line a message on stderr; `debug` is left out. What could forge a line, colour a terminal or turn its text around is escaped. */
export function stderrLogger(write: (line: string) => void = (line) => process.stderr.write(line)): Logger {
  const at = (level: string) => (o: object, msg: string) => {
    const ours = { time: new Date().toISOString(), level, name: 'wa-interactive', msg }
    // First for whoever reads, and last so that no field of `o` takes their place.
    write(`${escaped(JSON.stringify({ ...ours, ...o, ...ours }))}\n`)
  }
  return { debug: NOTHING, info: at('info'), warn: at('warn'), error: at('error') }
}

/** JSON escapes the control characters up to U+001F; terminals and people are fooled by these too (C1 controls, line separators, bidi marks). */
const escaped = (json: string): string =>
  json.replace(/[\u007F-\u009F\u2028\u2029\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** The same logger, the host's own too, to which no whole phone number and no secret of an address or a header is handed. */
export function scrubbing(log: Logger): Logger {
  const at = (level: (typeof LEVELS)[number]) => (o: object, msg: string) => {
    try {
      log[level](scrubbed(o) as object, scrub(msg))
    } catch {
      // A logger that throws must not end what it was told of.
    }
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/**
 * Says the same thing (`key`) at most once a minute, and then how often it happened: whoever knocks a million times fills no disk.
 * Keys are few and ours: nothing a stranger sends may be one.
 */
export function seldom(log: Logger, now: () => number): (key: string, level: 'warn' | 'error', o: object, msg: string) => void {
  const said = new Map<string, { at: number; unsaid: number }>()
  return (key, level, o, msg) => {
    const before = said.get(key)
    if (before && Math.abs(now() - before.at) < MINUTE_MS) {
      before.unsaid++
      return
    }
    said.set(key, { at: now(), unsaid: 0 })
    log[level](before?.unsaid ? { ...o, unsaid: before.unsaid } : o, msg)
  }
}
const MINUTE_MS = 60_000

/** A phone number: with a plus 7 to 15 digits, spaces and dashes between them or not; without one 10 to 15 digits that are no part of a longer word. */
const PHONES = /\+\d(?:[\s().-]{0,2}\d){6,14}(?!\d)|(?<![\p{L}\d])\d{10,15}(?![\p{L}\d])/gu
/** Secrets by the name before them. */
const SECRETS = /\b([\w.]*token=|(?:Bearer|Basic)\s+)[^&\s"']+/gi

/** Full phone numbers, webhook tokens and credentials never reach a log. */
export const scrub = (text: string): string =>
  text.replace(SECRETS, '$1…').replace(PHONES, (phone) => {
    const digits = phone.replace(/\D/g, '')
    return `${phone.startsWith('+') ? '+' : ''}${digits.slice(0, 2)}…${digits.slice(-2)}`
  })

/** Levels that are looked through; what is deeper says nothing to a reader of logs. */
const DEEPEST = 4

function scrubbed(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return scrub(value)
  if (value instanceof Error) return scrub(value.message)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (depth === DEEPEST) return '…'
  if (Array.isArray(value)) return value.map((item) => scrubbed(item, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [scrub(key), scrubbed(inner, depth + 1)]))
}
