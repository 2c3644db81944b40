import { windowOf } from '../../model/window'

/** A point in time as pages show it; `iso` is for `<time datetime>`, `full` for its title. Shown in the time zone of this process. */
export interface Moment {
  iso: string
  /** `14:05` */
  short: string
  /** `Today`, `Tomorrow`, `Yesterday`, `Tuesday`, `3 March`, `3 March 2025`. */
  day: string
  /** `3 Mar`, for the axis of a chart. */
  date: string
  full: string
}

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const WEEKDAY = new Intl.DateTimeFormat('en-GB', { weekday: 'long' })
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long' })
const DATE = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const DAY_OF_YEAR = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' })
const FULL = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' })
const DAY_MS = 86_400_000

export function momentOf(at: number, now: number): Moment {
  const date = new Date(at)
  return { iso: date.toISOString(), short: CLOCK.format(date), day: dayOf(date, new Date(now)), date: DATE.format(date), full: FULL.format(date) }
}

function dayOf(date: Date, now: Date): string {
  const days = Math.round((midnight(now) - midnight(date)) / DAY_MS)
  if (days === 0) return 'Today'
  if (days === 1) return 'Yesterday'
  if (days === -1) return 'Tomorrow'
  if (days > 1 && days < 7) return WEEKDAY.format(date)
  return date.getFullYear() === now.getFullYear() ? DAY.format(date) : DAY_OF_YEAR.format(date)
}
const midnight = (date: Date): number => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()

/** Hours and minutes, the smaller unit only while it matters: `23 h`, `5 h 10 min`, `12 min`, `less than a minute`. */
export function duration(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return 'less than a minute'
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours >= 48) return `${Math.floor(hours / 24)} days`
  return hours >= 12 || minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
}

/** The 24-hour window in words. `soon` in its last hour. */
export interface WindowView {
  state: 'open' | 'soon' | 'closed' | 'unknown'
  words: string
  closes: Moment | null
}

const SOON_MS = 3_600_000

export function windowView(lastInboundAt: number | null, now: number): WindowView {
  const { known, open, closesAt } = windowOf(lastInboundAt, now)
  if (!known || closesAt === null) return { state: 'unknown', words: 'never wrote', closes: null }
  const closes = momentOf(closesAt, now)
  if (!open) return { state: 'closed', words: 'closed', closes }
  return { state: closesAt - now < SOON_MS ? 'soon' : 'open', words: `${duration(closesAt - now)} left`, closes }
}
