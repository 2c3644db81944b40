import { type Fault, WaError } from '../errors'
import { suggest } from '../model/suggest'
import { CLOUD_API_CREDENTIALS, cloudApi } from './cloud-api'
import { EXOTEL_CREDENTIALS, exotel } from './exotel'
import type { Provider } from './provider'
import type { Env } from './settings'
import { simulator } from './simulator'

/** Names as `WA_PROVIDER` has them, what each needs before it can send, and how it is made. */
const KNOWN = {
  exotel: { credentials: EXOTEL_CREDENTIALS, make: (env: Env): Provider => exotel({}, env) },
  'cloud-api': { credentials: CLOUD_API_CREDENTIALS, make: (env: Env): Provider => cloudApi({}, env) },
  simulator: { credentials: [], make: (): Provider => simulator() },
} as const
type Name = keyof typeof KNOWN
const NAMES = Object.keys(KNOWN) as Name[]
const isName = (word: string): word is Name => Object.hasOwn(KNOWN, word)

/**
 * The provider that the environment names, or else the one whose credentials are complete, or else the simulator.
 * Secrets of the webhook are not asked for here: without them sending works and the webhook answers 503, naming them.
 */
export function providerFromEnv(env: Env): Provider {
  const named = env.WA_PROVIDER?.trim()
  if (named) return providerNamed(named, env)
  const complete = NAMES.filter((name) => name !== 'simulator' && missingFor(name, env).length === 0)
  if (complete.length > 1) {
    const message = `The credentials of ${complete.join(' and ')} are both complete, and WA_PROVIDER does not say which one to use.`
    const fix = `Set WA_PROVIDER to ${complete.map((name) => `"${name}"`).join(' or ')}.`
    throw new WaError('WA_PROVIDER_UNCONFIGURED', `${message} ${fix}`, [{ path: 'WA_PROVIDER', message, fix }])
  }
  return KNOWN[complete[0] ?? 'simulator'].make(env)
}

/** Providers of which some credentials are set and others are not, while WA_PROVIDER names none: most likely one was forgotten. */
export function halfConfigured(env: Env): string[] {
  if (env.WA_PROVIDER?.trim()) return []
  return NAMES.flatMap((name) => {
    const missing = missingFor(name, env)
    if (missing.length === 0 || missing.length === KNOWN[name].credentials.length) return []
    return [`The credentials of ${name} are not complete, so it is not used: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set.`]
  })
}

function providerNamed(named: string, env: Env): Provider {
  if (!isName(named)) throw unknown(named)
  const missing = missingFor(named, env)
  if (missing.length === 0) return KNOWN[named].make(env)
  const faults: Fault[] = missing.map((name) => ({ path: name, message: `${name} is not set.`, fix: `Set ${name}.` }))
  throw new WaError(
    'WA_PROVIDER_UNCONFIGURED',
    `Provider "${named}" cannot send yet: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not set.`,
    faults,
  )
}

function unknown(named: string): WaError {
  const message = `Unknown provider "${named.slice(0, 60)}". Known providers: ${NAMES.join(', ')}.`
  const near = suggest(named, NAMES)
  return new WaError('WA_PROVIDER_UNKNOWN', message, [
    { path: 'WA_PROVIDER', message, actual: named.slice(0, 60), limit: NAMES, ...(near === undefined ? {} : { fix: `Did you mean "${near}"?` }) },
  ])
}

const missingFor = (name: Name, env: Env): string[] => KNOWN[name].credentials.filter((variable) => !env[variable]?.trim())
