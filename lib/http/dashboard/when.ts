import { windowOf } from '../../model/window'
import type { Exchange } from '../exchange'
import type { Say } from '../words/say'
import { type Day, dayIn, daysBetween } from '../zone'

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
type Formats = Record<keyof typeof FORMATS, Intl.DateTimeFormat> & { relative: Intl.RelativeTimeFormat; written: Written }

/** Moments that were written today: pages that follow what happens show the same ones again and again. A minute reads the same from its beginning to its end. */
interface Written {
  /** The minute in which somebody asked last, and its day. */
  now: number
  today: Day
  minutes: Map<number, Minute>
  /** `full`, by second. */
  seconds: Map<number, string>
}
interface Minute {
  /** `2026-10-25T14:05:` */
  iso: string
  short: string
  day: string
  shown: string
  isToday: boolean
}
/** As many as a few dozen pages show. */
const MOST = 5000
const MINUTE_MS = 60_000

const made = new WeakMap<Say, Map<string, Formats>>()

/** Making one costs more than a hundred uses of it. */
function formatsOf({ t, zone }: Reader): Formats {
  const known = made.get(t)?.get(zone)
  if (known) return known
  const mine = made.get(t) ?? new Map<string, Formats>()
  made.set(t, mine)
  const dates = Object.fromEntries(Object.entries(FORMATS).map(([name, options]) => [name, new Intl.DateTimeFormat(t.locale, { ...options, timeZone: zone })]))
  const relative = new Intl.RelativeTimeFormat(t.locale, { numeric: 'auto' })
  const formats = { ...dates, relative, written: { now: 0, today: '', minutes: new Map(), seconds: new Map() } } as unknown as Formats
  mine.set(zone, formats)
  return formats
}

/** What is kept from an earlier question, or else is made now. */
function kept<T>(known: Map<number, T>, key: number, make: () => T): T {
  const found = known.get(key)
  if (found !== undefined) return found
  if (known.size >= MOST) known.clear()
  const value = make()
  known.set(key, value)
  return value
}

export function momentOf(time: number, x: Reader): Moment {
  const { t, zone } = x
  const formats = formatsOf(x)
  const { written } = formats
  const now = Math.floor(x.engine.now() / MINUTE_MS)
  if (written.now !== now) {
    const today = dayIn(zone, now * MINUTE_MS)
    // Yesterday's "today" is another day's word.
    if (written.today !== today) written.minutes.clear()
    Object.assign(written, { now, today })
  }
  const minute = kept(written.minutes, Math.floor(time / MINUTE_MS), () => minuteOf(time, written.today, formats, x))
  return new Reading(time, minute, formats, t)
}

/** A list shows two of its words for each of its rows: the others are written when somebody asks. */
class Reading implements Moment {
  readonly #time: number
  readonly #minute: Minute
  readonly #formats: Formats
  readonly #t: Say

  constructor(time: number, minute: Minute, formats: Formats, t: Say) {
    this.#time = time
    this.#minute = minute
    this.#formats = formats
    this.#t = t
  }
  get iso(): string {
    const ms = String(this.#time - Math.floor(this.#time / MINUTE_MS) * MINUTE_MS).padStart(5, '0')
    return `${this.#minute.iso}${ms.slice(0, 2)}.${ms.slice(2)}Z`
  }
  get short(): string {
    return this.#minute.short
  }
  get day(): string {
    return this.#minute.shown
  }
  get isToday(): boolean {
    return this.#minute.isToday
  }
  get date(): string {
    return this.#formats.date.format(this.#time)
  }
  get when(): string {
    return this.#t('{day}, {time}', { day: this.day, time: this.short })
  }
  get at(): string {
    return this.#t('{day} at {time}', { day: this.#minute.day, time: this.short })
  }
  get full(): string {
    return kept(this.#formats.written.seconds, Math.floor(this.#time / 1000), () => this.#formats.full.format(this.#time))
  }
}

function minuteOf(time: number, today: Day, formats: Formats, { t, zone }: Reader): Minute {
  const date = dayIn(zone, time)
  const ago = daysBetween(date, today)
  const day = dayOf(time, ago, date.slice(0, 4) === today.slice(0, 4), formats)
  const iso = new Date(time).toISOString().slice(0, -'05.678Z'.length)
  return { iso, short: formats.clock.format(time), day, shown: day.charAt(0).toLocaleUpperCase(t.locale) + day.slice(1), isToday: ago === 0 }
}

function dayOf(time: number, ago: number, isThisYear: boolean, formats: Formats): string {
  if (Math.abs(ago) <= 1) return formats.relative.format(-ago, 'day')
  if (ago > 1 && ago < 7) return formats.weekday.format(time)
  return (isThisYear ? formats.day : formats.dayOfYear).format(time)
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
  if (!known || closesAt === null) return { state: 'unknown', words: x.t('Never wrote'), closes: null }
  const closes = momentOf(closesAt, x)
  if (!open) return { state: 'closed', words: x.t('closed'), closes }
  return { state: closesAt - now < SOON_MS ? 'soon' : 'open', words: x.t('{time} left', { time: duration(closesAt - now, x.t) }), closes }
}
