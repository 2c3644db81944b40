import type { EventState } from '../model/event'
import { EVENT, takingOnSqlite } from './claims-sqlite'
import type { ContactRow } from './contacts'
import { type ConversationRow, type Step, setStep } from './conversations'
import type { Db, Dialect, Query } from './database'
import { type EventRow, type RawEvent, readEvent } from './events'
import { CLOCK } from './lease'
import type { MessageRow } from './messages'
import { ask, everywhere, onConnection, statement } from './prepared'
import { numeric, toJson } from './rows'
import { insertRuns, type Run, runsFrom } from './runs'
import { readScene, rowOf, SCENE_JOINS, type SceneRow, type StoredScene, sceneColumns } from './scenes'

// `next_at` is set exactly while an event is open (waiting, running, retrying): the indexes of the queue hold a handful of rows among millions.

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
/** A customer's message that nobody has looked at, with all that is known of it. */
export interface Fresh extends StoredScene {
  type: string
  number: string
  message: MessageRow
  conversation: ConversationRow
  contact: ContactRow
}
/** Who is to hear it. */
export interface Chosen {
  runs: readonly { listener: string; snapshot: Step | null }[]
  /** The customer no longer stands where they stood. */
  leavesStep: boolean
}
/** Chooses the listeners of a message; null when that is not to be decided here. It touches no transaction, and nobody waits for it with a lock. */
export type Choose<C extends Chosen> = (fresh: Fresh) => Promise<C | null>

/** After so many processes ended with it in hand, an event runs alone: then it is known whether it is the one that ends them. */
export const SUSPECT = 2

/**
 * Takes events that are due, oldest first: of each conversation only the oldest open one that has not stepped aside, and never one while another
 * of its conversation runs. The attempt is counted at the claim, so that an event which kills its process does not do so for ever; one that is
 * suspected of it is taken alone, by an instance that does nothing else (`idle`), so that it takes no others with it.
 *
 * Of fresh messages the listeners are chosen before, and written down in the same commit: unless the customer stands elsewhere by then.
 */
export async function claimEvents<C extends Chosen>(
  db: Db,
  { limit, token, now, leaseMs, idle }: { limit: number; token: string; now: number; leaseMs: number /** Nothing else is done here. */; idle: boolean },
  choose: Choose<C>,
): Promise<Claim<C>> {
  const looked = await dueEvents(db, now, limit)
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
  if (db.dialect === 'sqlite') return { ...claimOf(found, await takeOnSqlite(db, found, taking), chosen), all }
  const rows = await db.tx(async (trx) => {
    const free = await lockUnmoved(trx, found)
    const taken = free.length === 0 ? [] : db.dialect === 'mysql' ? await takeOnMysql(trx, free, taking) : await takeOnPostgres(trx, free, taking)
    await begin(trx, taken, taking)
    return taken
  })
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

/** An event that may be taken. */
interface Head {
  id: number
  conversation_id: number | null
  /** Processes that ended with it in hand, the one whose lease has just run out among them. */
  crashes: number
  fresh: Fresh | null
}
const ids = (heads: readonly Head[]): number[] => heads.map((head) => head.id)

/**
 * What waits is due at once, whatever the clock of the instance that received it says.
 * A CASE, because sqlite would answer ORs by collecting all that wait and sorting it; so it reads the queue in order of the ids and stops.
 */
const isDue = (dialect: Dialect): string =>
  `e.next_at is not null and case e.state when 'waiting' then 1 = 1 when 'retrying' then e.next_at <= ? when 'running' then e.lease_until < ${CLOCK[dialect]} else 1 = 0 end`

/** None before it in its conversation, none of it running. */
const isFree = (dialect: Dialect): string =>
  `(e.conversation_id is null or not exists (select 1 from wa_events o where o.conversation_id = e.conversation_id and o.next_at is not null and o.id <> e.id
    and ((o.id < e.id and o.late = 0 and e.late = 0) or (o.state = 'running' and o.lease_until >= ${CLOCK[dialect]}))))`

const DUE = everywhere((dialect) =>
  statement(
    'wa_due',
    `select e.*, ${sceneColumns(dialect)} from (
       select e.id, e.conversation_id, e.message_id, e.crashes, e.state, e.type, e.number, e.attempts + e.late + e.planned + e.replays as looked_at
       from wa_events e where ${isDue(dialect)} and ${isFree(dialect)} order by e.id limit ?) e
     ${SCENE_JOINS}`,
  ),
)

type DueRow = SceneRow & {
  id: number | string
  conversation_id: number | string | null
  crashes: number
  state: EventState
  type: string
  number: string
  /** 0 for what nobody has looked at. */
  looked_at: number
}

async function dueEvents(db: Db, now: number, limit: number): Promise<Head[]> {
  const heads = (await ask<DueRow>(db, DUE[db.dialect], [now, limit])).map((row) => ({
    ...numeric({ id: row.id as number, conversation_id: row.conversation_id as number | null }, ['id', 'conversation_id']),
    crashes: row.crashes + (row.state === 'running' ? 1 : 0),
    fresh: freshIn(row),
  }))
  // A handful is sorted faster here than in the database, which makes a table for it.
  return heads.sort((a, b) => a.id - b.id)
}

function freshIn(row: DueRow): Fresh | null {
  if (row.looked_at !== 0 || row.state !== 'waiting') return null
  const scene = readScene(row)
  const { message, conversation, contact } = scene
  return message && conversation && contact && { ...scene, type: row.type, number: row.number, message, conversation, contact }
}

/** Two that stepped aside, or one of them and a fresh one, may be due together: they are heard one after the other all the same. */
function onePerConversation(heads: readonly Head[]): Head[] {
  const taken = new Set<number>()
  return heads.filter(({ conversation_id }) => {
    if (conversation_id === null) return true
    if (taken.has(conversation_id)) return false
    taken.add(conversation_id)
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

async function takeOnSqlite(db: Db, found: readonly Head[], { chosen, now, token, leaseMs }: Taking): Promise<RawEvent[]> {
  const given = found.map(({ id }) => {
    const begun = chosen.get(id)
    if (!begun) return [id]
    const runs = begun.choice.runs.map(({ listener, snapshot }) => [listener, toJson(snapshot)])
    return [id, runs, begun.choice.leavesStep ? 1 : 0, begun.fresh.contact.id, begun.fresh.conversation.mode, begun.fresh.step]
  })
  const rows = await onConnection(db.write, (run) => run<{ event: string }>(TAKING_SQLITE, [JSON.stringify(given), now, token, leaseMs]))
  return rows.flatMap(({ event }) => rowOf<RawEvent>(event, EVENT) ?? [])
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
