import { windowOf } from '../../model/window'
import type { Exchange } from '../exchange'
import type { Say } from '../words/say'
import { dayIn, daysBetween } from '../zone'

/** A point in time as pages show it; `iso` is for `<time datetime>`, `full` for its title. Shown in the reader's time zone. */
export interface Moment {
  iso: string
  /** `14:05` */
  short: string
  /** `Today`, `Tomorrow`, `Yesterday`, `Tuesday`, `3 March`, `3 March 2025`. */
  day: string
  isToday: boolean
  /** `3 Mar`, for the axis of a chart. */
  date: string
  /** `Today, 14:05` */
  when: string
  /** `today at 14:05`, within a sentence. */
  at: string
  full: string
}

/** Who reads it, and when. */
type Reader = Pick<Exchange, 't' | 'zone' | 'engine'>

const FORMATS = {
  clock: { hour: '2-digit', minute: '2-digit' },
  weekday: { weekday: 'long' },
  day: { day: 'numeric', month: 'long' },
  date: { day: 'numeric', month: 'short' },
  dayOfYear: { day: 'numeric', month: 'long', year: 'numeric' },
  full: { dateStyle: 'medium', timeStyle: 'long' },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>
type Formats = Record<keyof typeof FORMATS, Intl.DateTimeFormat> & { relative: Intl.RelativeTimeFormat }

const made = new WeakMap<Say, Map<string, Formats>>()

/** Making one costs more than a hundred uses of it. */
function formatsOf({ t, zone }: Reader): Formats {
  const mine = made.get(t) ?? new Map<string, Formats>()
  made.set(t, mine)
  const known = mine.get(zone)
  if (known) return known
  const dates = Object.fromEntries(Object.entries(FORMATS).map(([name, options]) => [name, new Intl.DateTimeFormat(t.locale, { ...options, timeZone: zone })]))
  const formats = { ...dates, relative: new Intl.RelativeTimeFormat(t.locale, { numeric: 'auto' }) } as Formats
  mine.set(zone, formats)
  return formats
}

export function momentOf(time: number, x: Reader): Moment {
  const { t, zone } = x
  const formats = formatsOf(x)
  const date = new Date(time)
  const ago = daysBetween(dayIn(zone, time), dayIn(zone, x.engine.now()))
  const short = formats.clock.format(date)
  const day = dayOf(date, ago, formats, x)
  const shown = day.charAt(0).toLocaleUpperCase(t.locale) + day.slice(1)
  return {
    iso: date.toISOString(),
    short,
    day: shown,
    isToday: ago === 0,
    // A list shows two of these of each of its rows: the others are written when somebody asks.
    get date() {
      return formats.date.format(date)
    },
    get when() {
      return t('{day}, {time}', { day: shown, time: short })
    },
    get at() {
      return t('{day} at {time}', { day, time: short })
    },
    get full() {
      return formats.full.format(date)
    },
  }
}

function dayOf(date: Date, ago: number, formats: Formats, { zone, engine }: Reader): string {
  if (Math.abs(ago) <= 1) return formats.relative.format(-ago, 'day')
  if (ago > 1 && ago < 7) return formats.weekday.format(date)
  const year = (at: number): string => dayIn(zone, at).slice(0, 4)
  return (year(date.getTime()) === year(engine.now()) ? formats.day : formats.dayOfYear).format(date)
}

/** Hours and minutes, the smaller unit only while it matters: `23 h`, `5 h 10 min`, `12 min`, `less than a minute`. */
export function duration(ms: number, t: Say): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return t('less than a minute')
  if (minutes < 60) return t('{n} min', { n: minutes })
  const hours = Math.floor(minutes / 60)
  if (hours >= 48) return t.n('{n} day', '{n} days', Math.floor(hours / 24))
  return hours >= 12 || minutes % 60 === 0 ? t('{n} h', { n: hours }) : t('{n} h {m} min', { n: hours, m: minutes % 60 })
}

/** The 24-hour window in words. `soon` in its last hour. */
export interface WindowView {
  state: 'open' | 'soon' | 'closed' | 'unknown'
  words: string
  closes: Moment | null
}

const SOON_MS = 3_600_000

export function windowView(lastInboundAt: number | null, x: Reader): WindowView {
  const now = x.engine.now()
  const { known, open, closesAt } = windowOf(lastInboundAt, now)
  if (!known || closesAt === null) return { state: 'unknown', words: x.t('never wrote'), closes: null }
  const closes = momentOf(closesAt, x)
  if (!open) return { state: 'closed', words: x.t('closed'), closes }
  return { state: closesAt - now < SOON_MS ? 'soon' : 'open', words: x.t('{time} left', { time: duration(closesAt - now, x.t) }), closes }
}
