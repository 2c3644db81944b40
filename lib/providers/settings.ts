import { WaError } from '../errors'
import { maskSecret } from './secrets'

export type Env = Readonly<Record<string, string | undefined>>

/** An option wins over its environment variable; empty is unset. */
export const setting = (option: string | undefined, env: Env, name: string): string | null => option?.trim() || env[name]?.trim() || null

/** One secret or several during rotation; in the environment separated by commas. */
export function secretsOf(option: string | readonly string[] | undefined, env: Env, name: string): readonly string[] {
  const given = typeof option === 'string' ? [option] : (option ?? [])
  const set = given.map((secret) => secret.trim()).filter(Boolean)
  return set.length > 0
    ? set
    : (env[name] ?? '')
        .split(',')
        .map((secret) => secret.trim())
        .filter(Boolean)
}

/** The names of those settings that have no value. */
export const missingOf = (settings: Readonly<Record<string, string | null | readonly string[]>>): string[] =>
  Object.entries(settings)
    .filter(([, value]) => value === null || value.length === 0)
    .map(([name]) => name)

/** Base address of an API, without a slash at the end. Credentials in it are refused: addresses end up in logs. */
export function baseUrlOf(address: string, name: string): string {
  const url = URL.canParse(address) ? new URL(address) : null
  const wrong = (message: string, fix: string) => new WaError('WA_OPTION_INVALID', `${message} ${fix}`, [{ path: name, message, fix }])
  if (url === null || !/^https?:$/.test(url.protocol)) throw wrong(`${name} is not a web address.`, 'Write it with https://, as in https://api.exotel.com.')
  if (url.username || url.password) throw wrong(`${name} carries credentials.`, 'Set them as options or variables of their own; addresses end up in logs.')
  return address.replace(/\/+$/, '')
}

/** Requests per second: a positive number. An option wins over the variable of that name. */
export function rateOf(option: number | undefined, usual: number, env: Env = {}, name = ''): number {
  const given = env[name]?.trim()
  if (option === undefined && !given) return usual
  const rate = option ?? Number(given)
  if (Number.isFinite(rate) && rate > 0) return rate
  const path = option === undefined ? name : 'perSecond'
  const message = `${path} is ${option ?? JSON.stringify(given)}; it must be a positive number, requests a second. Leave it out for ${usual}.`
  throw new WaError('WA_OPTION_INVALID', message, [{ path, message, actual: option ?? given }])
}

export const shown = (value: string | null): string => value ?? 'not set'
export const shownSecret = (secrets: string | null | readonly string[]): string => {
  const all = typeof secrets === 'string' ? [secrets] : (secrets ?? [])
  return all.length > 0 ? all.map(maskSecret).join(', ') : 'not set'
}
