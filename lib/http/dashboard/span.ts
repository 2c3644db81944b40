import type { Exchange } from '../exchange'
import { type Day, dayAfter, dayIn, isDay, startOfDay } from '../zone'
import { momentOf } from './when'

/** Days of the reader's time zone, the last one included; null where it is open. */
export interface Span {
  from: Day | null
  to: Day | null
}

/** `?from=2026-10-25&to=2026-10-26`; what is no day is left open. */
export function spanOf(x: Exchange): Span {
  const day = (name: string): Day | null => {
    const text = x.query.get(name) ?? ''
    return isDay(text) ? text : null
  }
  return { from: day('from'), to: day('to') }
}

/** Its first millisecond, and the first one after it. */
export const boundsOf = ({ zone }: Exchange, { from, to }: Span): { since?: number; before?: number } => ({
  ...(from === null ? {} : { since: startOfDay(zone, from) }),
  ...(to === null ? {} : { before: startOfDay(zone, dayAfter(to, 1)) }),
})

/** `25 Oct`; with its year when that is another one. */
export function dayWords(x: Exchange, day: Day): string {
  const moment = momentOf(startOfDay(x.zone, day), x)
  return day.slice(0, 4) === dayIn(x.zone, x.engine.now()).slice(0, 4) ? moment.date : moment.day
}
