import type { Db, Dialect } from './database'
import { CLOCK } from './lease'
import type { OutboundMessage } from './messages'
import { onConnection, type Prepared } from './prepared'
import type { Attempted } from './queue'
import { randomRef, storable, toJson, toShortJson } from './rows'

/** What a listener says to the customer whose event it handles. */
export interface Saying extends OutboundMessage {
  event: Attempted
  contactId: number
  idempotencyKey: string
  fingerprint: string
  /** What leaves only while the window is open: the customer was heard after this, or never. Null for a template. */
  heardAfter: number | null
  /** Of so many messages in this conversation the oldest was decided at this time at the latest. */
  most: { count: number; until: number }
  /** Where the customer stands from now on, but for the id of this message; null: they stay where they are. */
  step: object | null
  /** The lease under which it leaves at once, if nothing before it waits; null: it waits in the queue. */
  leaving: { token: string; ms: number } | null
}
export interface Said {
  id: number
  ref: string
  /** It is `sending` under the lease of `leaving`; otherwise it is `queued`. */
  leaves: boolean
  /** As the row of the contact names them now. */
  to: { phone: string | null; bsuid: string | null }
  lastInboundAt: number | null
  /** Provider id of the message it quotes. */
  quoted: string | null
}

/** Whether it can be said with one statement here; MariaDB has none that changes several tables. */
export const saysAtOnce = (db: Db): boolean => db.dialect !== 'mysql'

/**
 * Checks and writes what a listener says with one statement and one commit. Null when anything is not as expected (another attempt has begun, it was said
 * before, the customer moved, the window closed, too much was said): nothing is written then, and `enqueue` finds out why.
 */
export async function sayAtOnce(db: Db, saying: Saying): Promise<Said | null> {
  const ref = randomRef()
  const row: Record<(typeof FIELDS)[number][0], string | number | null> = {
    event_id: saying.event.id,
    event_token: saying.event.lease_token,
    conversation_id: saying.conversationId,
    contact_id: saying.contactId,
    number: saying.number,
    type: saying.type,
    text: storable(saying.text),
    words: storable(saying.text).slice(0, 200),
    payload: saying.json,
    ref,
    menu_key: saying.menu?.key ?? null,
    menu_version: saying.menu?.version ?? null,
    variables: toJson(saying.menu?.variables ?? null),
    reply_to: saying.replyTo,
    meta: toShortJson('meta', saying.meta),
    now: saying.now,
    expires_at: saying.expiresAt,
    idempotency_key: saying.idempotencyKey,
    fingerprint: saying.fingerprint,
    heard_after: saying.heardAfter,
    most_count: saying.most.count - 1,
    most_until: saying.most.until,
    step: toShortJson('data', saying.step)?.replace('{', ',') ?? null,
    lease_token: saying.leaving?.token ?? null,
    lease_ms: saying.leaving?.ms ?? null,
  }
  const values = FIELDS.map(([name]) => row[name])
  const [said] = await onConnection(db.write, (run) => run<SaidRow>(db.dialect === 'sqlite' ? SAYINGS_SQLITE : SAYINGS_POSTGRES, values))
  if (!said) return null
  return {
    id: Number(said.id),
    ref,
    leaves: said.status === 'sending',
    to: { phone: said.to_phone, bsuid: said.to_bsuid },
    lastInboundAt: said.last_inbound_at === null ? null : Number(said.last_inbound_at),
    quoted: said.quoted,
  }
}

interface SaidRow {
  id: number | string
  status: string
  to_phone: string | null
  to_bsuid: string | null
  last_inbound_at: number | string | null
  quoted: string | null
}

const FIELDS = [
  ['event_id', 'bigint'],
  ['event_token', 'text'],
  ['conversation_id', 'bigint'],
  ['contact_id', 'bigint'],
  ['number', 'text'],
  ['type', 'text'],
  ['text', 'text'],
  ['words', 'text'],
  ['payload', 'text'],
  ['ref', 'text'],
  ['menu_key', 'text'],
  ['menu_version', 'int'],
  ['variables', 'text'],
  ['reply_to', 'bigint'],
  ['meta', 'text'],
  ['now', 'bigint'],
  ['expires_at', 'bigint'],
  ['idempotency_key', 'text'],
  ['fingerprint', 'text'],
  ['heard_after', 'bigint'],
  ['most_count', 'int'],
  ['most_until', 'bigint'],
  ['step', 'text'],
  ['lease_token', 'text'],
  ['lease_ms', 'bigint'],
] as const

/** A value as it was given; sqlite knows the types by themselves. */
const given = (dialect: Dialect, name: (typeof FIELDS)[number][0]): string => {
  const at = FIELDS.findIndex(([field]) => field === name)
  return dialect === 'sqlite' ? `?${at + 1}` : `cast($${at + 1} as ${FIELDS[at]?.[1]})`
}

/** Columns of `wa_messages` that are given, but for id, state and lease. */
const COLUMNS = [
  ...['number', 'conversation_id', 'type', 'text', 'payload', 'ref', 'menu_key', 'menu_version', 'variables', 'reply_to', 'meta', 'expires_at'],
  ...['idempotency_key', 'fingerprint'],
] as const

/** What must be so of conversation `v`, for it to be said without a second look. */
const maySay = (dialect: Dialect): string => {
  const g = (name: (typeof FIELDS)[number][0]): string => given(dialect, name)
  return `v.id = ${g('conversation_id')} and v.contact_id = ${g('contact_id')} and v.number = ${g('number')}
    and (${g('heard_after')} is null or v.last_inbound_at is null or v.last_inbound_at > ${g('heard_after')})
    and not exists (select 1 from wa_messages where idempotency_key = ${g('idempotency_key')})
    and coalesce((select created_at from wa_messages where conversation_id = v.id and direction = 'out' order by id desc limit 1 offset ${g('most_count')}), 0) <= ${g('most_until')}`
}
const isHeld = (dialect: Dialect): string =>
  `select 1 from wa_events where id = ${given(dialect, 'event_id')} and state = 'running' and lease_token = ${given(dialect, 'event_token')}`

/** One message of a conversation is on its way at a time, in their order. */
const statusOf = (dialect: Dialect): string =>
  `case when ${given(dialect, 'lease_token')} is not null and not exists (select 1 from wa_messages where conversation_id = v.id and next_at is not null) then 'sending' else 'queued' end`

const quotedOf = (dialect: Dialect): string => `(select provider_id from wa_messages where id = ${given(dialect, 'reply_to')})`
const stepOf = (step: string, id: string): string => `case when ${step} is null then step else '{"messageId":' || ${id} || ${step} end`

/** As with arrivals, a view of this connection whose trigger writes the rows. */
const TOLD = [...COLUMNS, 'id', 'status', 'now', 'lease_token', 'lease_ms', 'words', 'step', 'to_phone', 'to_bsuid', 'last_inbound_at', 'quoted']
const SAYINGS_SQLITE: Prepared = {
  name: 'wa_sayings',
  setup: `
    create temp view if not exists wa_sayings (${TOLD.join(', ')}) as select ${TOLD.map(() => 'null').join(', ')} where 0;
    create temp trigger if not exists wa_sayings_insert instead of insert on wa_sayings begin
      insert into wa_messages (id, direction, status, at, created_at, next_at, attempts, lease_until, lease_token, ${COLUMNS.join(', ')})
        values (new.id, 'out', new.status, new.now, new.now, new.now, new.status = 'sending', iif(new.status = 'sending', ${CLOCK.sqlite} + new.lease_ms, null),
                iif(new.status = 'sending', new.lease_token, null), ${COLUMNS.map((column) => `new.${column}`).join(', ')});
      insert into wa_message_history (message_id, status, at) values (new.id, 'queued', new.now);
      insert into wa_message_history (message_id, status, at) select new.id, 'sending', new.now where new.status = 'sending';
      update wa_conversations set last_message_id = new.id, last_text = new.words, last_direction = 'out', last_at = new.now, changed_at = new.now,
             step = ${stepOf('new.step', 'new.id')}
        where id = new.conversation_id;
    end`,
  sql: `insert into wa_sayings select ${COLUMNS.map((column) => given('sqlite', column)).join(', ')},
      coalesce((select seq from sqlite_sequence where name = 'wa_messages'), 0) + 1, ${statusOf('sqlite')},
      ${['now', 'lease_token', 'lease_ms', 'words', 'step'].map((name) => given('sqlite', name as 'now')).join(', ')},
      coalesce(c.wa_phone, c.phone), c.bsuid, v.last_inbound_at, ${quotedOf('sqlite')}
    from wa_conversations v join wa_contacts c on c.id = v.contact_id where ${maySay('sqlite')} and exists (${isHeld('sqlite')})
    returning id, status, to_phone, to_bsuid, last_inbound_at, quoted`,
}

const P = (name: (typeof FIELDS)[number][0]): string => given('postgres', name)
/**
 * The statement sees what was there when it began, but for the row that it locks: when that names another last message than it did then, somebody spoke
 * meanwhile, and the second look counts them.
 */
const SAYINGS_POSTGRES: Prepared = {
  name: 'wa_sayings',
  sql: `
    with held as materialized (
      ${isHeld('postgres')} for update
    ), place as materialized (
      select v.* from wa_conversations v where ${maySay('postgres')} and exists (select 1 from held)
        and v.last_message_id is not distinct from (select s.last_message_id from wa_conversations s where s.id = v.id)
      for update
    ), said as (
      insert into wa_messages (direction, status, at, created_at, next_at, attempts, lease_until, lease_token, ${COLUMNS.join(', ')})
      select 'out', s.status, ${P('now')}, ${P('now')}, ${P('now')}, case s.status when 'sending' then 1 else 0 end,
             case s.status when 'sending' then ${CLOCK.postgres} + ${P('lease_ms')} end, case s.status when 'sending' then ${P('lease_token')} end,
             ${COLUMNS.map(P).join(', ')}
      from (select ${statusOf('postgres')} as status from place v) s
      on conflict (idempotency_key) where idempotency_key is not null do nothing returning id, status
    ), told as (
      insert into wa_message_history (message_id, status, at)
      select said.id, s.status, ${P('now')} from said cross join (values (1, 'queued'), (2, 'sending')) s (nth, status)
      where s.nth = 1 or said.status = 'sending' order by s.nth
    ), touched as (
      update wa_conversations v set last_message_id = said.id, last_text = ${P('words')}, last_direction = 'out', last_at = ${P('now')}, changed_at = ${P('now')},
             step = ${stepOf(P('step'), 'said.id')}
      from said where v.id = ${P('conversation_id')}
    )
    select said.id, said.status, coalesce(c.wa_phone, c.phone) as to_phone, c.bsuid as to_bsuid, v.last_inbound_at, ${quotedOf('postgres')} as quoted
    from said cross join place v join wa_contacts c on c.id = v.contact_id`,
}
