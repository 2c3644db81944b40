import type { Fault } from './errors'
import { clip } from './model/fault'
import { isObject } from './model/readers'
import { suggest } from './model/suggest'

/** What an option must be: in words, and as a judgement. */
export interface Kind {
  words: string
  fits: (value: unknown) => boolean
}

const has = (value: unknown, ...methods: string[]): boolean => isObject(value) && methods.every((method) => typeof value[method] === 'function')
const isProvider = (value: unknown): boolean => has(value, 'verify', 'parse', 'send')
const isMenu = (value: unknown): boolean => isObject(value) && 'spec' in value && 'ids' in value
const isFlow = (value: unknown): boolean => isObject(value) && typeof value.name === 'string' && isObject(value.steps)
const isKey = (value: unknown): boolean => typeof value === 'string' || (isObject(value) && typeof value.name === 'string' && typeof value.key === 'string')
const isListOf = (fits: (value: unknown) => boolean) => (value: unknown) => Array.isArray(value) && value.every(fits)
const isFunction = (value: unknown): boolean => typeof value === 'function'

const TEXT: Kind = { words: 'a text', fits: (value) => typeof value === 'string' }
const SWITCH: Kind = { words: 'true or false', fits: (value) => typeof value === 'boolean' }
const atLeast = (least: number): Kind => ({ words: `a number from ${least}`, fits: (value) => typeof value === 'number' && value >= least })
const aFunction = (words: string): Kind => ({ words, fits: isFunction })

/** Every option of `waInteractive()`. */
export const KINDS = {
  menus: { words: 'a list of menus, made by list(), buttons(), ctaUrl(), ctaPhone(), text() or template()', fits: isListOf(isMenu) },
  flows: { words: 'a list of flows, made by flow()', fits: isListOf(isFlow) },
  path: TEXT,
  publicUrl: TEXT,
  provider: { words: 'exotel(), cloudApi() or simulator()', fits: isProvider },
  numbers: { words: 'an object of business numbers: { support: exotel({ … }) }', fits: (value) => isObject(value) && Object.values(value).every(isProvider) },
  database: {
    words: 'an address such as sqlite:./file.sqlite, a knex configuration, or a knex',
    fits: (value) => typeof value === 'string' || isFunction(value) || (isObject(value) && 'client' in value),
  },
  migrate: SWITCH,
  authorize: aFunction('a function: (req) => ({ id, name, role }) or null'),
  apiKeys: { words: 'a list of keys: texts, or { name, key, scope }', fits: isListOf(isKey) },
  logger: { words: 'an object with debug, info, warn and error, or false', fits: (value) => value === false || has(value, 'debug', 'info', 'warn', 'error') },
  webhook: SWITCH,
  api: SWITCH,
  dashboard: { words: 'true, false, or an object that fits it into the host', fits: (value) => typeof value === 'boolean' || isObject(value) },
  worker: { words: 'true, false, or { concurrency }', fits: (value) => typeof value === 'boolean' || isObject(value) },
  language: TEXT,
  retention: { words: 'an object: { messagesDays, rawDays, auditDays }', fits: isObject },
  autoStart: SWITCH,
  now: aFunction('a function that answers a Date'),
  defaultCountry: { words: 'a calling code of 1 to 3 digits, such as "91"', fits: (value) => typeof value === 'string' && /^\+?\d{1,3}$/.test(value) },
  expireAfterMs: atLeast(1000),
  // Instances say every minute that they are alive: a silence shorter than five is none.
  holdAfterMs: atLeast(300_000),
  perRecipientHour: atLeast(1),
} satisfies Record<string, Kind>

/** Everything that is none of these options, or is not what that option must be. */
export function misfits(options: unknown, kinds: Readonly<Record<string, Kind>>): Fault[] {
  if (!isObject(options)) return [{ path: '', message: `waInteractive() takes an object of options, or nothing; it was given ${shown(options)}.` }]
  return Object.entries(options).flatMap(([name, value]) => {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
    if (!kind) return [unknown(name, Object.keys(kinds))]
    if (value === undefined || kind.fits(value)) return []
    return [{ path: name, message: `Option ${name} is ${shown(value)}; it must be ${kind.words}.`, actual: shown(value), limit: kind.words }]
  })
}

function unknown(name: string, known: readonly string[]): Fault {
  const near = suggest(name, known)
  return {
    path: name,
    message: `Unknown option "${name}".${near ? ` Did you mean "${near}"?` : ` Known options: ${known.join(', ')}.`}`,
    actual: name,
    ...(near ? { fix: `Use "${near}".` } : {}),
  }
}

/** What was given, short; never the inside of an object, which may hold secrets. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(clip(value))
  if (Array.isArray(value)) return `a list of ${value.length}`
  return typeof value === 'object' && value !== null ? 'an object' : typeof value === 'function' ? 'a function' : String(value)
}
