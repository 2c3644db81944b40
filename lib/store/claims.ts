import { TAKING_POSTGRES } from './claims-postgres'
import { EVENT, takingOnSqlite } from './claims-sqlite'
import { type Step, setStep } from './conversations'
import type { Db, Dialect, Query } from './database'
import { type EventRow, type RawEvent, readEvent } from './events'
import { dueEvents, type Fresh, type Head, isDue, isFree } from './heads'
import { CLOCK } from './lease'
import { onConnection, type Prepared } from './prepared'
import { toJson } from './rows'
import { insertRuns, type Run, runsFrom } from './runs'
import { rowOf } from './scenes'

export interface Claim<C extends Chosen> {
  taken: Taken<C>[]
  /** Some were due and could not be had at this moment: look again soon. */
  missed: boolean
  /** All that was due was looked at. */
  all: boolean
}
/** An event under a lease. */
export interface Taken<C extends Chosen> {
  event: EventRow
  /** What it is about and who hears it, when that was written down with the claim; null when it is still to be looked at. */
  begun: { fresh: Fresh; choice: C; runs: Run[] } | null
}
/** Who is to hear it. */
export interface Chosen {
  runs: readonly { listener: string; snapshot: Step | null }[]
  /** The customer no longer stands where they stood. */
  leavesStep: boolean
}
/** Chooses the listeners of a message; null when that is not to be decided here. It touches no transaction, and nobody waits for it with a lock. */
export type Choose<C extends Chosen> = (fresh: Fresh) => Promise<C | null>

export interface Claiming {
  limit: number
  token: string
  now: number
  leaseMs: number
  /** Nothing else is done here. */
  idle: boolean
  /** Events of which it is known that they are due, fewer than `limit`: nobody looks for others. */
  known?: readonly Head[] | null
}

/** After so many processes ended with it in hand, an event runs alone: then it is known whether it is the one that ends them. */
export const SUSPECT = 2

/**
 * Takes events that are due, oldest first: of each conversation only the oldest open one that has not stepped aside, and never one while another
 * of its conversation runs. The attempt is counted at the claim, so that an event which kills its process does not do so for ever; one that is
 * suspected of it is taken alone, by an instance that does nothing else (`idle`), so that it takes no others with it.
 *
 * Of fresh messages the listeners are chosen before, and written down in the same commit: unless the customer stands elsewhere by then.
 */
export async function claimEvents<C extends Chosen>(db: Db, { limit, token, now, leaseMs, idle, known }: Claiming, choose: Choose<C>): Promise<Claim<C>> {
  const looked = known ?? (await dueEvents(db, now, limit))
  const all = looked.length < limit
  const due = onePerConversation(looked)
  const suspect = due.find((head) => head.crashes >= SUSPECT)
  const found = suspect ? (idle ? [suspect] : []) : due
  if (found.length === 0) return { taken: [], missed: false, all }
  const chosen = new Map<number, Begun<C>>()
  for (const { id, fresh } of found) {
    const choice = fresh && (await choose(fresh))
    if (choice) chosen.set(id, { fresh, choice })
  }
  const taking: Taking = { token, leaseMs, now, chosen }
  if (db.dialect === 'sqlite') return { ...claimOf(found, await takeAtOnce(db, TAKING_SQLITE, found, taking), chosen), all }
  const fresh = db.dialect === 'postgres' ? found.filter(({ id }) => chosen.has(id)) : []
  const rows = fresh.length === 0 ? [] : await takeAtOnce(db, TAKING_POSTGRES, fresh, taking)
  const got = new Set(rows.map(({ id }) => Number(id)))
  const rest = found.filter(({ id }) => !got.has(id))
  if (rest.length > 0) rows.push(...(await db.tx((trx) => takeLocked(trx, db.dialect, rest, taking))))
  return { ...claimOf(found, rows, chosen), all }
}

interface Begun<C extends Chosen = Chosen> {
  fresh: Fresh
  choice: C
}
interface Taking {
  token: string
  leaseMs: number
  now: number
  chosen: ReadonlyMap<number, Begun>
}

function claimOf<C extends Chosen>(found: readonly Head[], rows: readonly RawEvent[], chosen: ReadonlyMap<number, Begun<C>>): Omit<Claim<C>, 'all'> {
  const events = rows.map(readEvent).sort((a, b) => a.id - b.id)
  const taken = events.map((event) => {
    const begun = chosen.get(event.id)
    return { event, begun: begun ? { ...begun, runs: runsFrom(begun.choice.runs) } : null }
  })
  return { taken, missed: rows.length < found.length }
}

const ids = (heads: readonly Head[]): number[] => heads.map((head) => head.id)

/**
 * Two that stepped aside, or one of them and a fresh one, may be due together: they are heard one after the other all the same. What happened in no
 * conversation may be told of twice, when its webhook came twice.
 */
function onePerConversation(heads: readonly Head[]): Head[] {
  const taken = new Set<string>()
  return heads.filter(({ id, conversation_id }) => {
    const place = conversation_id === null ? `event ${id}` : `conversation ${conversation_id}`
    if (taken.has(place)) return false
    taken.add(place)
    return true
  })
}

/**
 * While a claim decides, nobody else decides about the same conversations. Rows that somebody holds are passed over instead of waited for, so that
 * a claim can neither delay a webhook's commit nor deadlock with it. So are those whose customer no longer stands where the listeners were chosen for.
 */
async function lockUnmoved(trx: Query, heads: readonly Head[]): Promise<Head[]> {
  const conversations = heads.flatMap((head) => head.conversation_id ?? [])
  if (conversations.length === 0) return [...heads]
  const locked = trx('wa_conversations').whereIn('id', conversations).orderBy('id').forUpdate().skipLocked()
  const rows = (await locked.select('id', 'contact_id', 'mode', 'step')) as Standing[]
  const standing = new Map(rows.map((row) => [Number(row.id), row]))
  return heads.filter(({ conversation_id, fresh }) => {
    if (conversation_id === null) return true
    const stands = standing.get(conversation_id)
    if (!stands || !fresh) return stands !== undefined
    return stands.step === fresh.step && stands.mode === fresh.conversation.mode && Number(stands.contact_id) === fresh.contact.id
  })
}
interface Standing {
  id: number | string
  contact_id: number | string
  mode: string
  step: string | null
}

const TAKING_SQLITE = takingOnSqlite(isDue('sqlite').replace('?', '?2'), isFree('sqlite'))

/** Looks and takes in one statement. */
async function takeAtOnce(db: Db, statement: Prepared, found: readonly Head[], { chosen, now, token, leaseMs }: Taking): Promise<RawEvent[]> {
  const given = found.map(({ id, conversation_id }) => {
    const begun = chosen.get(id)
    if (!begun) return [id]
    const { fresh, choice } = begun
    const runs = choice.runs.map(({ listener, snapshot }) => [listener, toJson(snapshot)])
    return [id, runs, choice.leavesStep ? 1 : 0, fresh.contact.id, fresh.conversation.mode, fresh.step, conversation_id, fresh.conversation.changed_at]
  })
  const rows = await onConnection(db.write, (run) => run<RawEvent & { event: string }>(statement, [JSON.stringify(given), now, token, leaseMs]))
  return db.dialect === 'sqlite' ? rows.flatMap(({ event }) => rowOf<RawEvent>(event, EVENT) ?? []) : rows
}

/** With the conversations locked first, so that what is looked at then stays. */
async function takeLocked(trx: Query, dialect: Dialect, found: readonly Head[], taking: Taking): Promise<RawEvent[]> {
  const free = await lockUnmoved(trx, found)
  const taken = free.length === 0 ? [] : dialect === 'mysql' ? await takeOnMysql(trx, free, taking) : await takeOnPostgres(trx, free, taking)
  await begin(trx, taken, taking)
  // A mark for those who do not lock before they look: it differs from what they saw.
  const marked = taken.flatMap(({ late, conversation_id }) => (late === 1 && conversation_id !== null ? conversation_id : []))
  if (marked.length > 0)
    await trx('wa_conversations')
      .whereIn('id', marked)
      .update({ changed_at: trx.raw('greatest(changed_at + 1, ?)', [taking.now]) })
  return taken
}

async function takeOnPostgres(trx: Query, found: readonly Head[], taking: Taking): Promise<RawEvent[]> {
  const rows = mayRun(trx, 'postgres', found, taking.now).update(changeOf(trx, 'postgres', taking))
  return (await rows.returning('*')) as RawEvent[]
}

/** MySQL looks first: it updates no table that it looks into meanwhile. */
async function takeOnMysql(trx: Query, found: readonly Head[], taking: Taking): Promise<RawEvent[]> {
  const mine = (await mayRun(trx, 'mysql', found, taking.now).pluck('e.id')) as number[]
  if (mine.length === 0) return []
  const still = trx('wa_events as e').whereIn('e.id', mine).whereRaw(isDue('mysql'), [taking.now])
  await still.update(changeOf(trx, 'mysql', taking))
  return (await trx('wa_events').whereIn('id', mine).where({ state: 'running', lease_token: taking.token })) as RawEvent[]
}

const mayRun = (trx: Query, dialect: Dialect, heads: readonly Head[], now: number) =>
  trx('wa_events as e').whereIn('e.id', ids(heads)).whereRaw(isDue(dialect), [now]).whereRaw(isFree(dialect))

const changeOf = (trx: Query, dialect: Dialect, { token, leaseMs, chosen }: Taking) => ({
  // First, because MySQL computes from left to right: a lease that ran out is an attempt that ended with its process.
  crashes: trx.raw("case when state = 'running' then crashes + 1 else crashes end"),
  attempts: trx.raw('attempts + 1'),
  state: 'running',
  lease_until: trx.raw(`${CLOCK[dialect]} + ?`, [leaseMs]),
  lease_token: token,
  ...(chosen.size > 0 ? { planned: trx.raw(`case when id in (${[...chosen].map(() => '?').join(',')}) then 1 else planned end`, [...chosen.keys()]) } : {}),
})

/** Writes down what was chosen for those that were taken. */
async function begin(trx: Query, taken: readonly { id: number | string }[], { chosen, now }: Taking): Promise<void> {
  const begun = taken.flatMap(({ id }) => {
    const known = chosen.get(Number(id))
    return known ? [{ eventId: Number(id), ...known }] : []
  })
  for (const { choice, fresh } of begun) if (choice.leavesStep) await setStep(trx, fresh.conversation.id, null, now)
  await insertRuns(
    trx,
    begun.map(({ eventId, choice }) => ({ eventId, runs: choice.runs })),
  )
}
