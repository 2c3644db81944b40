import type { Db, Query } from './database'
import { CLOCK } from './lease'
import { fromJson } from './rows'

/** Why nothing leaves from a number, as all instances see it. */
export interface SharedHold {
  /** By the database's clock, ms since epoch: names this hold. */
  until: number
  /** ms that are left of it; below 0 when it is over and nobody has met the account's approval since. */
  leftMs: number
  why: string
}
export interface Ask {
  number: string
  /** Who asks; what it holds already is replaced. */
  holder: string
  /** Places that the rate has. */
  most: number
  /** Places of its own that it goes on using meanwhile. */
  kept: number
  /** Places that it would like to hold, at least those. */
  wanted: number
  /** What is granted lapses after so long, unless it is asked for again. */
  lifeMs: number
}
export interface Answer {
  /** Places that the holder has from now on: those it kept, and of the others as many as are free. */
  places: number
  /** Places that others hold. */
  others: number
  hold: SharedHold | null
}

type Leases = Record<string, [places: number, until: number]>
interface Row {
  leases: string
  held_until: number | string | null
  held_why: string | null
  clock: number | string
}

/**
 * Takes, renews and gives back places of a number's rate. All instances take from one row under its lock, so that their sum never exceeds the rate, at
 * no start, end or crash of one. After a hold one place at a time is given to all of them together: of all instances one asks whether it is over.
 */
export const leasePlaces = (db: Db, { number, holder, most, kept, wanted, lifeMs }: Ask): Promise<Answer> =>
  db.tx(async (trx) => {
    const read = async (): Promise<Row | undefined> => {
      const row = trx('wa_numbers').where({ number })
      const rows = (db.dialect === 'sqlite' ? row : row.forUpdate()).select('leases', 'held_until', 'held_why', clockOf(trx, db))
      return ((await rows) as Row[])[0]
    }
    let found = await read()
    if (!found) {
      // Of several that come first one inserts; the others begin once more and find its row.
      await trx('wa_numbers').insert({ number, leases: JSON.stringify({}) })
      found = (await read()) as Row
    }
    const clock = Number(found.clock)
    const leases = Object.entries(fromJson<Leases>(found.leases) ?? {}).filter(([name, [, until]]) => name !== holder && until > clock)
    const others = leases.reduce((sum, [, [places]]) => sum + places, 0)
    const hold = holdIn(found)
    const free = hold === null ? most - others - kept : others > 0 ? 0 : 1
    const places = kept + Math.max(0, Math.min(wanted - kept, free))
    const next = JSON.stringify(Object.fromEntries(places > 0 ? [...leases, [holder, [places, clock + lifeMs]]] : leases))
    if (next !== found.leases) await trx('wa_numbers').where({ number }).update({ leases: next })
    return { places, others, hold }
  })

/** Nothing leaves from this number for so long, whoever sends; one that lasts longer stays, unless it is over. Answers the one that counts. */
export const holdNumber = (db: Db, number: string, forMs: number, why: string, over: SharedHold | null): Promise<SharedHold> =>
  db.tx(async (trx) => {
    const until = trx.raw(`${CLOCK[db.dialect]} + ?`, [Math.round(forMs)])
    await trx('wa_numbers')
      .where({ number })
      .where((query) =>
        query
          .whereNull('held_until')
          .orWhere('held_until', '<', until)
          .orWhere({ held_until: over?.until ?? 0 }),
      )
      .update({ held_until: until, held_why: why })
    return (await sharedHold(trx, db, number)) ?? { until: 0, leftMs: forMs, why }
  })

/** The account met no refusal: this hold is over for all. A newer one stays. */
export const endHold = async (db: Db, number: string, { until }: SharedHold): Promise<void> => {
  await db.write('wa_numbers').where({ number, held_until: until }).update({ held_until: null, held_why: null })
}

export async function sharedHold(query: Query, db: Db, number: string): Promise<SharedHold | null> {
  const [row] = (await query('wa_numbers').where({ number }).select('held_until', 'held_why', clockOf(query, db))) as Row[]
  return row ? holdIn(row) : null
}

const clockOf = (query: Query, db: Db) => query.raw(`${CLOCK[db.dialect]} as clock`)

const holdIn = ({ held_until, held_why, clock }: Row): SharedHold | null =>
  held_until === null ? null : { until: Number(held_until), leftMs: Number(held_until) - Number(clock), why: held_why ?? '' }
