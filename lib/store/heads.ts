import type { EventState } from '../model/event'
import type { ContactRow } from './contacts'
import type { ConversationRow } from './conversations'
import type { Db, Dialect } from './database'
import { CLOCK } from './lease'
import type { MessageRow } from './messages'
import { everywhere, runStatement, statement } from './prepared'
import { numeric } from './rows'
import { columnsOf, readScene, rowOf, SCENE_JOINS, type SceneRow, type StoredScene, sceneValues } from './scenes'

// `next_at` is set exactly while an event is open (waiting, running, retrying): the indexes of the queue hold a handful of rows among millions.

/** A customer's message that nobody has looked at, with all that is known of it. */
export interface Fresh extends StoredScene {
  type: string
  number: string
  message: MessageRow
  conversation: ConversationRow
  contact: ContactRow
}
/** An event that may be taken. */
export interface Head {
  id: number
  conversation_id: number | null
  /** Processes that ended with it in hand, the one whose lease has just run out among them. */
  crashes: number
  fresh: Fresh | null
}

/**
 * What waits is due at once, whatever the clock of the instance that received it says.
 * A CASE, because sqlite would answer ORs by collecting all that wait and sorting it; so it reads the queue in order of the ids and stops.
 */
export const isDue = (dialect: Dialect): string =>
  `e.next_at is not null and case e.state when 'waiting' then 1 = 1 when 'retrying' then e.next_at <= ? when 'running' then e.lease_until < ${CLOCK[dialect]} else 1 = 0 end`

/** None before it in its conversation, none of it running. */
export const isFree = (dialect: Dialect): string =>
  `(e.conversation_id is null or not exists (select 1 from wa_events o where o.conversation_id = e.conversation_id and o.next_at is not null and o.id <> e.id
    and ((o.id < e.id and o.late = 0 and e.late = 0) or (o.state = 'running' and o.lease_until >= ${CLOCK[dialect]}))))`

/** What makes a head of event `e`, by its name in a `HeadRow`. */
const headValues = (dialect: Dialect): Readonly<Record<keyof HeadRow, string>> => ({
  id: 'e.id',
  conversation_id: 'e.conversation_id',
  crashes: 'e.crashes',
  state: 'e.state',
  type: 'e.type',
  number: 'e.number',
  looked_at: 'e.attempts + e.late + e.planned + e.replays',
  ...sceneValues(dialect),
})
const NAMES = Object.keys(headValues('sqlite'))

const DUE = everywhere((dialect) =>
  statement(
    'wa_due',
    `select ${columnsOf(headValues(dialect))} from (select * from wa_events e where ${isDue(dialect)} and ${isFree(dialect)} order by e.id limit ?) e ${SCENE_JOINS}`,
  ),
)

/** On sqlite: the head of the event with this key, as one value of the statement that stores it. */
export const headOf = (dedupe: string): string =>
  `(select json_array(${Object.values(headValues('sqlite')).join(', ')}) from wa_events e ${SCENE_JOINS} where e.dedupe = ${dedupe})`
/** Such a value, as it comes with the statement: it is read when the event is claimed. */
export type HeadText = string
/** Null for what does not wait: a double of what is done. */
export function waitingHead(text: HeadText): Head | null {
  const row = rowOf<HeadRow>(text, NAMES)
  return row?.state === 'waiting' ? read(row) : null
}

interface HeadRow extends SceneRow {
  id: number | string
  conversation_id: number | string | null
  crashes: number
  state: EventState
  type: string
  number: string
  /** 0 for what nobody has looked at. */
  looked_at: number
}

/** Those that may be taken, oldest first. */
export async function dueEvents(db: Db, now: number, limit: number): Promise<Head[]> {
  const heads = (await runStatement<HeadRow>(db, DUE[db.dialect], [now, limit])).map(read)
  // A handful is sorted faster here than in the database, which makes a table for it.
  return heads.sort((a, b) => a.id - b.id)
}

const read = (row: HeadRow): Head => ({
  ...numeric({ id: row.id as number, conversation_id: row.conversation_id as number | null }, ['id', 'conversation_id']),
  crashes: row.crashes + (row.state === 'running' ? 1 : 0),
  fresh: freshIn(row),
})

function freshIn(row: HeadRow): Fresh | null {
  if (row.looked_at !== 0 || row.state !== 'waiting') return null
  const scene = readScene(row)
  const { message, conversation, contact } = scene
  return message && conversation && contact && { ...scene, type: row.type, number: row.number, message, conversation, contact }
}
