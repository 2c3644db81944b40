import { reasonOf } from '../errors'
import type { Logger } from '../log'
import type { Db } from '../store/database'
import { endHold, holdNumber, leasePlaces, type SharedHold, sharedHold } from '../store/rates'
import { randomRef } from '../store/rows'
import type { Pace } from './pace'
import type { Places } from './places'

/**
 * What this instance may send, agreed with all others on the database: it holds places of a number's rate under a lease, takes them when it has
 * messages and gives them back when it has none. Nothing is asked while nothing is sent.
 */
export interface Allowance {
  /** So many messages of this number are due: takes places for them as far as there are any, and learns whether the number holds. */
  ask(number: string, due: number): Promise<void>
  /** How many messages of this number are worth claiming: for each place one that leaves at once and one that waits for it. */
  room(number: string): number
  /** The provider refuses the account: nothing leaves from this number for so long, from any instance. */
  hold(number: string, forMs: number, reason: string): Promise<void>
  /** The provider took something: a hold that is over is forgotten by all. */
  proved(number: string): Promise<void>
  /** Why nothing leaves from this number, whichever instance was told so. */
  whyHeld(number: string): Promise<string | null>
  /** Gives back all places. What is still on its way keeps its own until it has rested. */
  close(): Promise<void>
}

/** A lease lapses so long after a place's rest: a dead instance's places come back after four seconds. */
const LEASE_MS = 3000
/** Within it nothing begins in the last moments, so that all has arrived and rested when others may take the places. */
const LAST_MS = 500
/** While places are held they are renewed so often, and holds of others are learnt. A message that left at once has just rested by then. */
const RENEW_MS = 1100
/** Who got fewer places than it has messages asks again so soon. */
export const RETRY_MS = 250
/** At a high rate so large a part of it is taken at once, that a busy outbox does not ask for every message. */
const PART = 8

interface Line {
  places: Places
  /** Not to be asked again before. */
  nextAsk: number
  /** Places are held and may be used until. */
  until: number
  renewAt: number
  timer: NodeJS.Timeout | undefined
  asking: Promise<void>
  /** Messages that were due since the last renewal. */
  due: number
  /** The last hold on the database that was heeded. */
  known: SharedHold | null
}

export interface AllowanceParts {
  db: () => Db
  pace: Pace
  now: () => number
  log: Logger
}

export function createAllowance({ db, pace, now, log }: AllowanceParts): Allowance {
  const holder = randomRef()
  const lines = new Map<string, Line>(
    [...pace.places].map(([number, places]) => [
      number,
      { places, nextAsk: 0, until: 0, renewAt: 0, timer: undefined, asking: Promise.resolve(), due: 0, known: null },
    ]),
  )

  /** A hold that somebody else met. Its end is reckoned once, from what is left of it: clocks of instances differ. */
  const heed = (number: string, line: Line, hold: SharedHold | null): void => {
    if (hold !== null && hold.until !== line.known?.until && hold.leftMs > 0) pace.hold(number, now() + hold.leftMs, hold.why)
    line.known = hold
  }

  const take = async (number: string, line: Line, more: number): Promise<void> => {
    const { places } = line
    const inUse = places.inUse()
    const wanted = Math.min(places.most, inUse + (more > 0 ? Math.max(more, Math.floor(places.most / PART)) : 0))
    const asked = performance.now()
    // What is given back must not be used while it is. After a hold that is everything: one place is asked for anew, by whoever tries first.
    const kept = line.known || asked >= line.until ? inUse : Math.min(Math.max(inUse, places.held), wanted)
    places.grant(kept, line.until)
    const answer = await leasePlaces(db(), { number, holder, most: places.most, kept, wanted, lifeMs: places.restMs + LEASE_MS })
    heed(number, line, answer.hold)
    line.until = asked + LEASE_MS - LAST_MS
    line.renewAt = asked + RENEW_MS
    line.nextAsk = answer.places < wanted ? asked + (answer.others > 0 || answer.hold ? RETRY_MS : RENEW_MS) : 0
    places.grant(answer.places, line.until)
  }

  /** One after the other: each looks at what the one before left. */
  const lease = (number: string, line: Line, more: () => number): Promise<void> => {
    line.asking = line.asking.catch(() => {}).then(() => take(number, line, more()))
    return line.asking.finally(() => rearm(number, line))
  }

  const rearm = (number: string, line: Line, afterMs?: number): void => {
    clearTimeout(line.timer)
    const { places } = line
    if (places.held === 0 && places.waiting === 0) return
    const soon = Math.max(1, Math.min(RENEW_MS, line.nextAsk - performance.now()))
    line.timer = setTimeout(() => void renew(number, line), afterMs ?? (places.waiting > 0 && line.nextAsk > 0 ? soon : RENEW_MS))
    line.timer.unref()
  }

  const renew = async (number: string, line: Line): Promise<void> => {
    const { places } = line
    const restsIn = places.restsIn()
    // All is said, and rests before the lease ends: then it can be given back whole.
    if (places.waiting === 0 && restsIn !== null && restsIn > 0 && performance.now() + restsIn < line.until) return rearm(number, line, restsIn + 1)
    // Others are on their way: as many again will follow.
    const more = places.waiting + (restsIn === 0 ? 0 : line.due)
    line.due = 0
    await lease(number, line, () => more).catch((error: unknown) => log.debug({ number, error: reasonOf(error) }, 'the places of a rate could not be renewed'))
  }

  return {
    async ask(number, due) {
      const line = lines.get(number)
      if (!line) return
      const { places } = line
      const at = performance.now()
      line.due = Math.max(line.due, due)
      const more = (): number => due + places.waiting
      if (at < line.renewAt && (more() <= places.idle() || places.held === places.most || at < line.nextAsk)) return
      await lease(number, line, more)
    },
    room(number) {
      const places = lines.get(number)?.places
      // Nobody here sends from it: one is claimed, and says so.
      return places ? Math.max(0, places.idle() + places.held - pace.waiting(number)) : 1
    },
    async hold(number, forMs, reason) {
      const line = lines.get(number)
      // Whoever was asked whether it is over, and heard no, says for how long now.
      const over = line?.known && pace.whyHeld(number, now()) === null ? line.known : null
      pace.hold(number, now() + forMs, reason)
      if (!line) return
      try {
        const hold = await holdNumber(db(), number, forMs, reason, over)
        if (hold.leftMs > forMs) pace.hold(number, now() + hold.leftMs, hold.why)
        line.known = hold
      } catch (error) {
        log.warn({ number, error: reasonOf(error) }, 'other instances could not be told that this account holds')
      }
    },
    async proved(number) {
      pace.proved(number)
      const line = lines.get(number)
      if (!line?.known || pace.whyHeld(number, now()) !== null) return
      const over = line.known
      line.known = null
      line.nextAsk = 0
      try {
        await endHold(db(), number, over)
      } catch (error) {
        // Whoever sends next says it again.
        line.known = over
        log.debug({ number, error: reasonOf(error) }, 'other instances could not be told that this account holds no longer')
      }
    },
    async whyHeld(number) {
      const line = lines.get(number)
      if (line) heed(number, line, await sharedHold(db().read, db(), number))
      return pace.whyHeld(number, now())
    },
    async close() {
      for (const [number, line] of lines) {
        clearTimeout(line.timer)
        const { places } = line
        await line.asking.catch(() => {})
        clearTimeout(line.timer)
        line.nextAsk = 0
        if (places.held === 0) continue
        places.grant(0, 0)
        const inUse = places.inUse()
        const lifeMs = Math.ceil(places.restsIn() ?? places.restMs + LAST_MS)
        await leasePlaces(db(), { number, holder, most: places.most, kept: inUse, wanted: inUse, lifeMs }).catch((error: unknown) =>
          log.debug({ number, error: reasonOf(error) }, 'the places of a rate could not be given back; they lapse by themselves'),
        )
      }
    },
  }
}
