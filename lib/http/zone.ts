/** A day of the calendar, `2026-10-25`. */
export type Day = string

/** Whether days and hours are known there: `Asia/Kolkata`, `UTC`. */
export function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== null
  } catch {
    return false
  }
}

/** The zone of this process. */
export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

const calendars = new Map<string, Intl.DateTimeFormat>()

/** Days by zone and minute: every row of a list asks again, and days begin at whole minutes. */
const asked = new Map<string, Day>()
const MOST = 2000
const MINUTE_MS = 60_000

/** Which day it is there. */
export function dayIn(zone: string, at: number): Day {
  const place = `${zone} ${Math.floor(at / MINUTE_MS)}`
  const known = asked.get(place)
  if (known !== undefined) return known
  if (asked.size >= MOST) asked.clear()
  const day = lookUp(zone, at)
  asked.set(place, day)
  return day
}

function lookUp(zone: string, at: number): Day {
  let calendar = calendars.get(zone)
  if (!calendar) {
    // Canada writes the year first.
    calendar = new Intl.DateTimeFormat('en-CA-u-ca-gregory-nu-latn', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
    calendars.set(zone, calendar)
  }
  return calendar.format(at)
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const noonOf = (day: Day): number => Date.parse(`${day}T12:00:00Z`)

/** `2026-10-25`, and a day that there is. */
export const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && Number.isFinite(noonOf(text)) && dayIn('UTC', noonOf(text)) === text

/** So many days later. */
export const dayAfter = (day: Day, days: number): Day => dayIn('UTC', noonOf(day) + days * DAY_MS)

/** How many days lie between. */
export const daysBetween = (from: Day, to: Day): number => Math.round((noonOf(to) - noonOf(from)) / DAY_MS)

/** Its first moment there. Looked for, not computed: days have 23 to 25 hours, and some begin at one o'clock. */
export function startOfDay(zone: string, day: Day): number {
  let [before, at] = [noonOf(day) - 30 * HOUR_MS, noonOf(day) + 6 * HOUR_MS]
  while (at - before > 1) {
    const middle = Math.floor((before + at) / 2)
    if (dayIn(zone, middle) < day) before = middle
    else at = middle
  }
  return at
}
