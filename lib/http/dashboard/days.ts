import type { Engine } from '../../engine'
import { type Slice, slicesOf, type Traffic, trafficIn, unsentIn } from '../../store/figures'
import type { Exchange } from '../exchange'
import { dayAfter, dayIn, startOfDay } from '../zone'

/** What came in and was sent on one day; what failed or has not left is not sent. */
export interface Day extends Traffic {
  /** Midnight at its beginning, in the reader's time zone. */
  from: number
}

/** A finished day gets no more messages, so it is counted once; a little later than midnight, for rows of an instance whose clock is behind. */
const FINISHED_MS = 600_000
/** Days that are counted with one question: it may take two seconds. */
const TOGETHER = 5
interface Known {
  slices: Map<number, Slice>
  traffic: Map<string, Traffic>
}
const known = new WeakMap<Engine, Known>()

/** The last days, oldest first, today last. */
export async function lastDays({ engine, zone, user: { numbers } }: Exchange, count: number): Promise<Day[]> {
  const { read } = engine.db
  const now = engine.now()
  const today = dayIn(zone, now)
  const { slices, traffic } = known.get(engine) ?? { slices: new Map(), traffic: new Map() }
  known.set(engine, { slices, traffic })
  const spans = Array.from({ length: count }, (_, nth) => count - 1 - nth).map((ago) => ({
    from: startOfDay(zone, dayAfter(today, -ago)),
    to: startOfDay(zone, dayAfter(today, 1 - ago)),
  }))
  const isFinished = ({ to }: { to: number }): boolean => to + FINISHED_MS < now
  const keyOf = ({ from }: { from: number }): string => `${from}\n${numbers?.join('\n') ?? ''}`
  // Days that no page shows any more.
  if (traffic.size > 500 || slices.size > 500) for (const map of [slices, traffic]) map.clear()

  const unplaced = spans.filter(({ from }) => !slices.has(from))
  const placed = new Map([...slices, ...(await slicesOf(read, unplaced)).map((slice): [number, Slice] => [slice.from, slice])])
  const days = spans.flatMap(({ from }) => placed.get(from) ?? [])
  for (const day of days) if (isFinished(day) && day.before !== null) slices.set(day.from, day)

  const counted = new Map(traffic)
  const uncounted = days.filter((day) => !traffic.has(keyOf(day)))
  for (let at = 0; at < uncounted.length; at += TOGETHER) {
    const some = uncounted.slice(at, at + TOGETHER)
    for (const [nth, found] of (await trafficIn(read, some, numbers)).entries()) {
      const day = some[nth] as Slice
      counted.set(keyOf(day), found)
      if (isFinished(day)) traffic.set(keyOf(day), found)
    }
  }
  const unsent = await unsentIn(read, days, numbers)
  return days.map((day, nth) => {
    const { in: received, out } = counted.get(keyOf(day)) ?? { in: 0, out: 0 }
    return { from: day.from, in: received, out: Math.max(0, out - (unsent[nth] ?? 0)) }
  })
}
