import type { Engine } from '../../engine'
import { type Traffic, trafficWithin, unsentWithin } from '../../store/figures'
import type { Exchange } from '../exchange'
import { dayAfter, dayIn, startOfDay } from '../zone'

/** What came in and was sent on one day; what failed or has not left is not sent. */
export interface Day extends Traffic {
  /** Midnight at its beginning, in the reader's time zone. */
  from: number
}

/** A finished day gets no more messages, so they are counted once; a little later than midnight, for rows of an instance whose clock is behind. */
const FINISHED_MS = 600_000
const known = new WeakMap<Engine, Map<string, Traffic>>()

/** The last days, oldest first, today last. */
export async function lastDays({ engine, zone, user: { numbers } }: Exchange, count: number): Promise<Day[]> {
  const now = engine.now()
  const today = dayIn(zone, now)
  const counted = known.get(engine) ?? new Map<string, Traffic>()
  known.set(engine, counted)
  const days: (Day & { to: number })[] = []
  for (let ago = count - 1; ago >= 0; ago--) {
    const from = startOfDay(zone, dayAfter(today, -ago))
    const to = startOfDay(zone, dayAfter(today, 1 - ago))
    const key = `${from}\n${numbers?.join('\n') ?? ''}`
    const traffic = counted.get(key) ?? (await trafficWithin(engine.db.read, { from, to, numbers }))
    if (to + FINISHED_MS < now) counted.set(key, traffic)
    days.push({ from, to, ...traffic })
  }
  // Days that no page shows any more.
  if (counted.size > 500) counted.clear()
  const unsent = await unsentWithin(engine.db.read, days, numbers)
  return days.map(({ to: _to, ...day }, at) => ({ ...day, out: Math.max(0, day.out - (unsent[at] ?? 0)) }))
}
