import { LIMITS } from './limits'

export const WINDOW_MS = LIMITS.windowHours * 3_600_000

/**
 * The session window, from the provider's time of the customer's last words (ms since epoch). It is open for less than 24 hours, to the millisecond.
 * Without any recorded words it is unknown: the customer may have written before we listened.
 */
export function windowOf(lastInboundAt: number | null, now: number): { known: boolean; open: boolean; closesAt: number | null } {
  if (lastInboundAt === null) return { known: false, open: false, closesAt: null }
  const closesAt = lastInboundAt + WINDOW_MS
  return { known: true, open: now < closesAt, closesAt }
}
