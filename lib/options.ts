import type { IncomingMessage } from 'node:http'
import type { Knex } from 'knex'
import { type Fault, WaError } from './errors'
import type { Flow } from './flows/types'
import type { User } from './http/exchange'
import type { Access, ApiKey } from './http/guard'
import { type DashboardOptions, type Look, lookOf } from './http/look'
import { isSpoken, OUR_LANGUAGES, unsaid } from './http/words/languages'
import { KINDS, type Kind, misfits } from './kinds'
import { type Logger, SILENT, scrubbing, stderrLogger } from './log'
import type { Menu } from './model/builders'
import { halfConfigured, providerFromEnv } from './providers/choose'
import type { Provider as WireProvider } from './providers/provider'
import type { DatabaseOption } from './store/database'
import type { Retention } from './store/retention'

/** A provider, as `exotel()`, `cloudApi()` and `simulator()` make it. */
export interface Provider {
  readonly name: string
}

/** Everything `waInteractive()` takes. All of it may be left out: then it is the simulator and a sqlite file. */
export interface WaOptions<M extends readonly Menu[] = readonly Menu[], N extends string = string> {
  /** Menus that code declares: stored once at start; staff then own their words. */
  menus?: M
  flows?: readonly Flow[]
  /** Prefix when mounted without one. Default `/wa`. */
  path?: string
  /** Public https address of the mount (`https://shop.example/wa`); Exotel's status callbacks need it. */
  publicUrl?: string
  provider?: Provider
  /** Several business numbers, each with its provider; the webhook of each is `/webhook/:number`. */
  numbers?: { [K in N]: Provider }
  /** Address, knex configuration, or the host's own knex. Default `sqlite:./wa-interactive.sqlite`. */
  database?: string | Knex.Config | Knex
  /** Run our migrations at start. Default true. */
  migrate?: boolean
  // biome-ignore lint/suspicious/noExplicitAny: a host's own request type (Express's, with its session) must fit, whatever it is.
  authorize?(req: any): User | null | undefined | Promise<User | null | undefined>
  apiKeys?: readonly (string | ApiKey)[]
  /** pino, winston, console; `false` for silence. Default: JSON lines on stderr. */
  logger?: Logger | false
  webhook?: boolean
  api?: boolean
  /** `false` leaves it out; an object fits it into the host. */
  dashboard?: boolean | DashboardOptions
  /** Whether this process handles events and sends. Default true, 10 at the same time. */
  worker?: boolean | { concurrency?: number }
  /** Language of the dashboard, until somebody chooses another there. Default `en`; `hi` is complete, others are added by `dashboard.words`. */
  language?: string
  /** Days after which stored data is deleted. Nothing is deleted by default. */
  retention?: { messagesDays?: number; rawDays?: number; auditDays?: number }
  /** Start by itself on the next tick. Default true. */
  autoStart?: boolean
  now?: () => Date
  /** Calling code (`91`) for national phone numbers; without it only `+E.164` is taken. */
  defaultCountry?: string
  /** Milliseconds after which a message that could not leave is given up. Default 24 h. */
  expireAfterMs?: number
  /**
   * Milliseconds without any instance alive after which what still waits is held for a person instead of being sent and handled: the database may be
   * a backup. Default 30 minutes; `Infinity` for a host that is switched off at night.
   */
  holdAfterMs?: number
  /** Messages an hour to one recipient. Default 200. */
  perRecipientHour?: number
}
export type HostRequest = IncomingMessage

/** Options with every default filled in and every contradiction refused. */
export interface Settled {
  menus: readonly Menu[]
  flows: readonly Flow[]
  path: string
  publicUrl: string | null
  lines: ReadonlyMap<string, WireProvider>
  /** Names appear in webhook addresses. */
  several: boolean
  database: DatabaseOption
  migrate: boolean
  access: Access
  log: Logger
  webhook: boolean
  api: boolean
  dashboard: boolean
  look: Look
  /** 0: this process neither handles events nor sends. */
  concurrency: number
  retention: Retention
  autoStart: boolean
  now: () => number
  defaultCountry: string | undefined
  expireAfterMs: number
  holdAfterMs: number
  perRecipientHour: number
  production: boolean
  /** What is allowed, and most likely not meant: said once at start. */
  hints: readonly string[]
}

const RETAINED = ['messagesDays', 'rawDays', 'auditDays'] as const
const DAY_MS = 86_400_000
const HOLD_AFTER_MS = 1_800_000

/** Options win over the environment; empty is unset. Throws WA_OPTION_INVALID with every fault at once. */
export function settleOptions(options: WaOptions, env: NodeJS.ProcessEnv = process.env): Settled {
  const faults = faultsOf(options)
  if (faults.length > 0) throw new WaError('WA_OPTION_INVALID', faults.map((fault) => fault.message).join(' '), faults)
  const set = (name: string): string | undefined => (env[name] === '' ? undefined : env[name])
  const lines = linesOf(options, env)
  const user = set('WA_DASHBOARD_USER')
  const password = set('WA_DASHBOARD_PASSWORD')
  if ((user === undefined) !== (password === undefined))
    throw invalid('WA_DASHBOARD_USER', 'WA_DASHBOARD_USER and WA_DASHBOARD_PASSWORD go together; one of them is not set.')
  const publicUrl = options.publicUrl ?? set('WA_PUBLIC_URL') ?? null
  const production = env.NODE_ENV === 'production'
  return {
    menus: options.menus ?? [],
    flows: options.flows ?? [],
    path: pathOf(options.path ?? set('WA_PATH') ?? '/wa'),
    publicUrl: publicUrl === null ? null : publicUrlOf(publicUrl),
    lines,
    several: options.numbers !== undefined,
    database: options.database ?? set('WA_DATABASE_URL') ?? 'sqlite:./wa-interactive.sqlite',
    migrate: options.migrate ?? true,
    access: {
      authorize: options.authorize ? options.authorize.bind(options) : null,
      basic: user !== undefined && password !== undefined ? { user, password } : null,
      apiKeys: keysOf(options, set('WA_API_KEY')),
      production,
    },
    log: options.logger === false ? SILENT : scrubbing(options.logger ?? stderrLogger()),
    webhook: options.webhook ?? true,
    api: options.api ?? true,
    dashboard: options.dashboard !== false,
    look: lookOf(typeof options.dashboard === 'object' ? options.dashboard : {}, options.language),
    concurrency: options.worker === false ? 0 : typeof options.worker === 'object' ? (options.worker.concurrency ?? 10) : 10,
    retention: { messagesDays: null, rawDays: null, auditDays: null, ...options.retention },
    autoStart: options.autoStart ?? true,
    now: options.now ? () => (options.now as () => Date)().getTime() : Date.now,
    defaultCountry: options.defaultCountry,
    expireAfterMs: options.expireAfterMs ?? DAY_MS,
    holdAfterMs: options.holdAfterMs ?? HOLD_AFTER_MS,
    perRecipientHour: options.perRecipientHour ?? 200,
    production,
    hints: [...(options.provider || options.numbers ? [] : halfConfigured(env)), ...unspoken(options)],
  }
}

function unspoken({ language = 'en', dashboard }: WaOptions): string[] {
  const own = (typeof dashboard === 'object' && dashboard.words) || {}
  const hints = unsaid(own).map(
    ({ sentence, near }) => `dashboard.words: no page says "${sentence}", so it changes nothing.${near ? ` Did you mean "${near}"?` : ''}`,
  )
  if (isSpoken(language, own)) return hints
  return [
    ...hints,
    `The dashboard has no words in language "${language}", so it is in English. Known: ${OUR_LANGUAGES.join(', ')}; add others with dashboard: { words: { … } }.`,
  ]
}

function faultsOf(options: WaOptions): Fault[] {
  const faults: Fault[] = misfits(options, KINDS satisfies Record<keyof WaOptions, Kind>)
  // What is no list cannot be looked through.
  if (faults.length > 0) return faults
  if (options.provider && options.numbers)
    faults.push({ path: 'numbers', message: 'Give either `provider` (one business number) or `numbers` (several), not both.' })
  const concurrency = typeof options.worker === 'object' ? options.worker.concurrency : undefined
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 1000)) {
    faults.push({
      path: 'worker.concurrency',
      message: `worker.concurrency is ${concurrency}; it must be a whole number from 1 to 1000.`,
      actual: concurrency,
      limit: '1…1000',
    })
  }
  for (const [name, days] of Object.entries(options.retention ?? {})) {
    const path = `retention.${name}`
    if (!(RETAINED as readonly string[]).includes(name))
      faults.push({ path, message: `There is no option ${path}. Known: ${RETAINED.join(', ')}.`, actual: name, limit: RETAINED.join(' | ') })
    else if (!(Number.isInteger(days) && days >= 1))
      faults.push({ path, message: `${path} is ${days}; it must be a whole number of days, from 1.`, actual: days, limit: '1…' })
  }
  for (const key of doubles((options.menus ?? []).map((menu) => menu.key)))
    faults.push({ path: 'menus', message: `Two menus have the key "${key}".`, actual: key })
  for (const name of doubles((options.apiKeys ?? []).flatMap((key) => (typeof key === 'string' ? [] : key.name))))
    faults.push({ path: 'apiKeys', message: `Two API keys have the name "${name}"; the audit could not tell them apart.`, actual: name })
  return faults
}

const doubles = (names: readonly string[]): Set<string> => new Set(names.filter((name, index) => names.indexOf(name) !== index))

function linesOf(options: WaOptions, env: NodeJS.ProcessEnv): Map<string, WireProvider> {
  if (!options.numbers) return new Map([['default', (options.provider as WireProvider | undefined) ?? providerFromEnv(env)]])
  const lines = new Map(Object.entries(options.numbers as Record<string, Provider>)) as Map<string, WireProvider>
  if (lines.size === 0) throw invalid('numbers', 'Option numbers is empty. Name at least one business number: numbers: { support: exotel() }.')
  for (const name of lines.keys()) {
    if (!/^[a-z0-9][a-z0-9_-]{0,63}$/i.test(name))
      throw invalid(
        'numbers',
        `"${name}" cannot name a business number: letters, digits, - and _ only, at most 64, because it stands in the webhook's address.`,
      )
  }
  return lines
}

/** It stands in every row that says who did something. */
const LONGEST_KEY_NAME = 128

function keysOf(options: WaOptions, fromEnv: string | undefined): ApiKey[] {
  const given = (options.apiKeys ?? []).map((key, index): ApiKey => (typeof key === 'string' ? { name: `key ${index + 1}`, key, scope: 'admin' } : key))
  const keys = options.apiKeys === undefined && fromEnv !== undefined ? [{ name: 'WA_API_KEY', key: fromEnv, scope: 'admin' as const }] : given
  for (const key of keys) {
    if (key.key.length < 16)
      throw invalid('apiKeys', `The API key "${key.name}" has ${key.key.length} characters; at least 16. Make one: openssl rand -hex 24.`)
    if (key.name.length > LONGEST_KEY_NAME)
      throw invalid('apiKeys', `The name of the API key "${key.name.slice(0, 40)}…" has ${key.name.length} characters; at most ${LONGEST_KEY_NAME}.`)
    if (!['read', 'send', 'admin'].includes(key.scope))
      throw invalid('apiKeys', `The API key "${key.name}" has the scope "${String(key.scope)}". Known: read, send, admin.`)
  }
  return keys
}

function pathOf(path: string): string {
  const clean = path.replace(/\/+$/, '')
  if (!/^(\/[A-Za-z0-9._~-]+)+$/.test(clean))
    throw invalid(
      'path',
      `Option path is "${path}". It begins with / and has letters, digits, . _ ~ - between slashes; default /wa. To mount at the root: app.use('/', …) is not needed, choose a path.`,
    )
  return clean
}

function publicUrlOf(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null
  if (url?.protocol !== 'https:' && !(url?.protocol === 'http:' && LOOPBACK.test(url.hostname)))
    throw invalid('publicUrl', `Option publicUrl is "${address}"; it must be the https address of the mount, such as https://shop.example/wa.`)
  return address.replace(/\/+$/, '')
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

const invalid = (path: string, message: string): WaError => new WaError('WA_OPTION_INVALID', message, [{ path, message }])
