import { WaError } from '../errors'

/** Wrong passwords of one address that are borne within the window; then it must wait. */
const BORNE = 10
const WINDOW_MS = 300_000
/** Addresses remembered at most: whoever comes from ever new ones costs no memory. */
const REMEMBERED = 10_000

/** Counts failed sign-ins by address, so that a password cannot be guessed by trying. State of one process. */
export interface Attempts {
  /** Throws WA_TOO_MANY_ATTEMPTS while an address must wait. */
  admit(address: string, now: number): void
  failed(address: string, now: number): void
  succeeded(address: string): void
}

export function createAttempts(): Attempts {
  const failures = new Map<string, { count: number; since: number }>()
  return {
    admit(address, now) {
      const known = failures.get(address)
      if (!known || known.count < BORNE) return
      if (now - known.since >= WINDOW_MS) {
        failures.delete(address)
        return
      }
      const minutes = Math.ceil((known.since + WINDOW_MS - now) / 60_000)
      throw new WaError(
        'WA_TOO_MANY_ATTEMPTS',
        `${BORNE} wrong passwords came from this address. Try again in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}.`,
      )
    },
    failed(address, now) {
      const known = failures.get(address)
      const fresh = known && now - known.since < WINDOW_MS ? { count: known.count + 1, since: known.since } : { count: 1, since: now }
      failures.delete(address)
      failures.set(address, fresh)
      if (failures.size > REMEMBERED) failures.delete(failures.keys().next().value ?? '')
    },
    succeeded: (address) => void failures.delete(address),
  }
}
