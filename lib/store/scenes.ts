import { type ContactRow, readContact } from './contacts'
import { type ConversationRow, readConversation } from './conversations'
import type { Db, Dialect } from './database'
import { type MessageRow, readMessage } from './messages'
import { everywhere, runStatement, statement } from './prepared'
import { fromJson } from './rows'

/** Our message that a customer's message answers. */
export type Answered = Pick<MessageRow, 'id' | 'menu_key' | 'menu_version' | 'variables'>

/** What is known of an event's customer and their words, in one look. */
export interface StoredScene {
  message: MessageRow | null
  conversation: ConversationRow | null
  /** Where the customer stands, as its row has it. */
  step: string | null
  contact: ContactRow | null
  /** Null when it answers nothing, or nothing that is known. */
  answered: Answered | null
  /** Live version of the menu that is answered. */
  liveVersion: number | null
  /** The latest message of ours in the conversation that offered something to tap. */
  latestOffer: number | null
  /** The same option of the same message was tapped before. */
  isRepeat: boolean
}

const MESSAGE = [
  ...['id', 'number', 'conversation_id', 'direction', 'type', 'text', 'payload', 'status', 'provider_id', 'provider_key', 'ref', 'menu_key', 'menu_version'],
  ...['variables', 'reply_id', 'reply_to', 'error', 'meta', 'sent_by', 'at', 'created_at', 'next_at', 'expires_at', 'attempts', 'lease_until', 'lease_token'],
  ...['idempotency_key', 'fingerprint'],
]
const CONVERSATION = [
  ...['id', 'number', 'contact_id', 'mode', 'assigned_to', 'last_inbound_at', 'last_message_id', 'last_text', 'last_direction', 'last_at', 'unread', 'step'],
  ...['changed_at', 'created_at'],
]
const CONTACT = [
  ...['id', 'phone', 'wa_phone', 'bsuid', 'external_id', 'username', 'name', 'language', 'opted_out', 'attributes', 'merged_into', 'created_at', 'updated_at'],
]
const ANSWERED = ['id', 'menu_key', 'menu_version', 'variables']

/** A row as one value: a driver reads a list faster than a column by its name. */
const LIST: Readonly<Record<Dialect, string>> = { sqlite: 'json_array', postgres: 'json_build_array', mysql: 'json_array' }
const listed = (dialect: Dialect, table: string, columns: readonly string[]): string =>
  `${LIST[dialect]}(${columns.map((column) => `${table}.${column}`).join(', ')})`

/** What makes a scene, by its name in a `SceneRow`; of what `SCENE_JOINS` joins. */
export const sceneValues = (dialect: Dialect): Readonly<Record<keyof SceneRow, string>> => ({
  m: listed(dialect, 'm', MESSAGE),
  v: listed(dialect, 'v', CONVERSATION),
  c: listed(dialect, 'c', CONTACT),
  a: listed(dialect, 'a', ANSWERED),
  live_version: 'l.version',
  latest_offer: `(select o.id from wa_messages o where o.conversation_id = m.conversation_id and o.direction = 'out' and o.type in ('button', 'list', 'template')
    order by o.id desc limit 1)`,
  earlier_tap: `(select t.id from wa_messages t where t.conversation_id = m.conversation_id and t.direction = 'in' and t.reply_to = m.reply_to
    and t.reply_id = m.reply_id and t.id > m.reply_to and t.id < m.id limit 1)`,
})
/** Values as columns of a query. */
export const columnsOf = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${value} as ${name}`)
    .join(', ')

/** Everything around the events `e`. */
export const SCENE_JOINS = `left join wa_messages m on m.id = e.message_id
  left join wa_conversations v on v.id = e.conversation_id
  left join wa_contacts c on c.id = v.contact_id
  left join wa_messages a on a.id = m.reply_to
  left join wa_menus l on l.key = a.menu_key`

const SCENE = everywhere((dialect) => statement('wa_scene', `select ${columnsOf(sceneValues(dialect))} from wa_events e ${SCENE_JOINS} where e.id = ?`))

/** The scene of an event as it stands now, wherever its conversation was joined to; null when the event is gone. */
export async function sceneOfEvent(db: Db, eventId: number): Promise<StoredScene | null> {
  const [row] = await runStatement<SceneRow>(db, SCENE[db.dialect], [eventId])
  return row ? readScene(row) : null
}

export interface SceneRow {
  m: List
  v: List
  c: List
  a: List
  live_version: number | string | null
  latest_offer: number | string | null
  earlier_tap: number | string | null
}
/** As text, or as the driver has read it. */
type List = string | readonly unknown[]

export function readScene(row: SceneRow): StoredScene {
  const [message, answered] = [rowOf(row.m, MESSAGE), rowOf(row.a, ANSWERED)]
  const [conversation, contact] = [rowOf(row.v, CONVERSATION), rowOf(row.c, CONTACT)]
  const step = (conversation?.step ?? null) as string | null
  return {
    step,
    message: message && readMessage(message as never),
    conversation: conversation && readConversation(conversation as never),
    contact: contact && readContact(contact as never),
    answered: answered && {
      id: Number(answered.id),
      menu_key: answered.menu_key as string | null,
      menu_version: numberOrNull(answered.menu_version),
      variables: fromJson(answered.variables as string | null),
    },
    liveVersion: numberOrNull(row.live_version),
    latestOffer: numberOrNull(row.latest_offer),
    isRepeat: row.earlier_tap !== null,
  }
}

/** A row from its list; null when nothing was joined. */
export function rowOf<R = Record<string, unknown>>(list: List, columns: readonly string[]): R | null {
  const values = typeof list === 'string' ? (JSON.parse(list) as unknown[]) : list
  if (values[0] === null) return null
  const row: Record<string, unknown> = {}
  for (const [at, column] of columns.entries()) row[column] = values[at]
  return row as R
}

const numberOrNull = (value: unknown): number | null => (value === null ? null : Number(value))
