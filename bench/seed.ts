import type { Knex } from 'knex'

export const CONVERSATIONS = 100_000

const WORDS =
  'where is my order please cancel refund when will it arrive thank you delivery address change today tomorrow payment failed invoice size wrong item return exchange help agent talk yes no great not satisfied hello morning evening package late courier call number update'.split(
    ' ',
  )

/**
 * Fills a sqlite database with messages of a hundred thousand conversations, a few of which are large. Half are the customers': words and taps;
 * half are ours: words and menus. Indexes and search are built afterwards, as nobody would wait for millions of single inserts.
 */
export async function seed(knex: Knex, messages: number): Promise<void> {
  const dropped = (await knex.raw(
    `select type, name, sql from sqlite_master where tbl_name = 'wa_messages' and sql is not null and type in ('index', 'trigger')`,
  )) as {
    type: string
    name: string
    sql: string
  }[]
  for (const { type, name } of dropped) await knex.raw(`drop ${type} ${name}`)
  await knex.raw('create temp table phrases (id integer primary key, text text)')
  const phrases = Array.from({ length: 2000 }, () =>
    Array.from({ length: 3 + Math.floor(Math.random() * 10) }, () => WORDS[Math.floor(Math.random() ** 2 * WORDS.length)]).join(' '),
  )
  await knex.raw('insert into phrases (text) select value from json_each(?)', [JSON.stringify(phrases)])
  await knex.raw(SAY, { messages, conversations: CONVERSATIONS })
  await knex.raw('drop table phrases')
  await knex.raw(CUSTOMERS, { conversations: CONVERSATIONS })
  await knex.raw(TALKS, { conversations: CONVERSATIONS, messages })
  for (const { sql } of dropped) await knex.raw(sql)
  await knex.raw(`insert into wa_words (wa_words) values ('rebuild')`)
  await knex.raw('PRAGMA wal_checkpoint(TRUNCATE)')
}

const TAP = `'{"reply":{"id":"track_order","title":"Track My Order","description":"Get real-time status","via":"list"}}'`
const MENU = `'{"type":"button","body":"Order ORD' || n || ' has arrived. How was it?","footer":"Tap a button","buttons":[{"id":"rating_great","title":"Great!"},{"id":"rating_bad","title":"Not satisfied"}]}'`

const SAY = `
  with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < :messages),
  drawn as (select n, n % 2 as mine, abs(random()) % 10 as kind, abs(random()) % 2000 + 1 as phrase, abs(random()) as r from numbers)
  insert into wa_messages (id, number, conversation_id, direction, type, text, payload, status, provider_id, provider_key, ref, menu_key, menu_version, variables, reply_id, reply_to, at, created_at, attempts, expires_at)
  select n, 'default', case when r % 500 = 0 then r % 20 + 1 else r % :conversations + 1 end,
    case when mine then 'out' else 'in' end,
    case when mine then case when kind < 5 then 'text' else 'button' end else case when kind < 6 then 'text' else 'list_reply' end end,
    case when not mine and kind >= 6 then 'Track My Order' else (select text from phrases where id = phrase) || case when r % 3 = 0 then ' ORD' || n else '' end end,
    case when mine then case when kind < 5 then json_object('type', 'text', 'text', (select text from phrases where id = phrase)) else ${MENU} end
         when kind >= 6 then ${TAP} else '{}' end,
    case when mine then case when r % 1000 = 0 then 'failed' else 'read' end end,
    'wamid.HBgMOTE5ODAwMDAwMDAxFQIAERgSRTY' || printf('%012d', n) || 'AA==',
    case when mine then substr(replace(hex(randomblob(16)), 'A', 'x'), 1, 22) end, case when mine then substr(hex(randomblob(16)), 1, 22) end,
    case when mine and kind >= 5 then 'rating' end, case when mine and kind >= 5 then 3 end, case when mine and kind >= 5 then '{"order":"ORD' || n || '"}' end,
    case when not mine and kind >= 6 then 'track_order' end, case when not mine and kind >= 6 then n - 1 end,
    1795000000000 + n * 1000, 1795000000000 + n * 1000, case when mine then 1 else 0 end, case when mine then 1795000000000 + n * 1000 + 86400000 end
  from drawn`

const CUSTOMERS = `
  with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < :conversations)
  insert into wa_contacts (id, phone, name, created_at, updated_at) select n, '+9198' || printf('%08d', n), 'Asha Rao ' || n, 1795000000000, 1795000000000 from numbers`

const TALKS = `
  with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < :conversations)
  insert into wa_conversations (id, number, contact_id, mode, last_inbound_at, last_message_id, last_text, last_direction, last_at, changed_at, created_at)
  select n, case when n % 50 = 0 then 'support' else 'default' end, n, case when n % 200 = 0 then 'person' else 'bot' end, at, 1, 'where is my order', 'in', at, at, at
  from (select n, 1795000000000 + abs(random()) % :messages * 1000 as at from numbers)`
