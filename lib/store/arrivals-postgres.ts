import type { Prepared } from './prepared'

/**
 * One statement, one round trip. Ids of messages are drawn first, because an event names its message and is what decides whether there is one.
 * Conversations are locked in order, against whoever would join or claim them; when a customer moved meanwhile, nothing is inserted and the answer counts them.
 * Rows are named by arrays of their ids: of a join with the batch, whose size it does not know, PostgreSQL would read whole tables.
 */
export const ARRIVALS_POSTGRES: Prepared = {
  name: 'wa_arrivals',
  sql: `
    with given as materialized (
      select g.*, case when g.conversation_id is not null then nextval(pg_get_serial_sequence('wa_messages', 'id')) end as message_id
      from json_to_recordset($1::json) as g (
        dedupe text, number text, type text, state text, payload text, raw text, error text, at bigint, provider_key text, ref text,
        conversation_id bigint, phone text, bsuid text, text text, content text, provider_id text, reply_id text, reply_key char(22), quoted char(64), words text, inbound_at bigint)
    ), held as materialized (
      select id, number, contact_id from wa_conversations where id = any (array(select conversation_id from given)) order by id for update
    ), moved as materialized (
      select count(*) as n from given g left join held v on v.id = g.conversation_id left join lateral (
        select phone, wa_phone, bsuid from wa_contacts where id = v.contact_id limit 1
      ) c on true
      where g.conversation_id is not null and not coalesce(v.number = g.number and (g.phone is null or (c.phone = g.phone and c.wa_phone is null)) and (g.bsuid is null or c.bsuid = g.bsuid), false)
    ), fresh as (
      insert into wa_events (dedupe, number, type, conversation_id, message_id, provider_key, ref, payload, raw, state, error, at, created_at, next_at)
      select dedupe, number, type, conversation_id, message_id, provider_key, ref, payload, raw, state, error, at, $2::bigint, case when state = 'waiting' then $2::bigint end
      from given where (select n from moved) = 0
      on conflict (dedupe) do nothing returning message_id
    ), said as materialized (
      select g.* from given g where g.message_id in (select message_id from fresh)
    ), messages as (
      insert into wa_messages (id, number, conversation_id, direction, type, text, payload, provider_id, reply_id, reply_to, menu_key, menu_version, at, created_at)
      select g.message_id, g.number, g.conversation_id, 'in', g.type, g.text, g.content, g.provider_id, g.reply_id, a.id,
             case when a.menu_version is not null then a.menu_key end, case when a.menu_key is not null then a.menu_version end, g.at, $2::bigint
      from said g left join lateral (
        select id, menu_key, menu_version from wa_messages
        where id = coalesce((select id from wa_messages where provider_key = g.reply_key limit 1), (select message_id from wa_events where dedupe = g.quoted)) limit 1
      ) a on true
    ), last as (
      select distinct on (conversation_id) conversation_id, message_id, words, count(*) over same as n, max(inbound_at) over same as inbound_at
      from said window same as (partition by conversation_id) order by conversation_id, message_id desc
    ), touched as (
      update wa_conversations v set last_message_id = last.message_id, last_text = last.words, last_direction = 'in', last_at = $2::bigint, changed_at = $2::bigint,
             unread = v.unread + last.n, last_inbound_at = greatest(v.last_inbound_at, last.inbound_at)
      from last where v.id = last.conversation_id and v.id = any (array(select conversation_id from last))
    )
    select n as moved from moved`,
}
