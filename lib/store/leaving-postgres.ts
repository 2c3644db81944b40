import { CLOCK } from './lease'
import type { Prepared } from './prepared'

export const DUE_POSTGRES: Prepared = {
  name: 'wa_due_outgoing',
  sql: `
    select number, json_agg(id)::text as ids from (
      select m.id, m.number from wa_messages m
      where m.status = 'queued' and m.next_at <= $1::bigint and m.number not in (select json_array_elements_text($2::json))
        and not exists (select 1 from wa_messages o where o.conversation_id = m.conversation_id and o.id < m.id and o.next_at is not null)
      order by m.id limit $3::int
    ) due group by number`,
}

/** One statement, one round trip. Rows are locked in order, so that two instances that claim the same wait for each other and never in a circle. */
export const CLAIM_POSTGRES: Prepared = {
  name: 'wa_claiming',
  sql: `
    with wanted as materialized (
      select id from wa_messages where id in (select value::bigint from json_array_elements_text($1::json)) and status = 'queued' order by id for update
    ), taken as (
      update wa_messages m set status = 'sending', lease_until = ${CLOCK.postgres} + $3::bigint, lease_token = $2::text, attempts = attempts + 1
      from wanted where m.id = wanted.id
      returning m.id, m.number, m.conversation_id, m.type, m.payload, m.ref, m.menu_key, m.menu_version, m.variables, m.error, m.expires_at, m.attempts, m.lease_token,
                m.reply_to
    ), steps as (
      insert into wa_message_history (message_id, status, at) select id, 'sending', $4::bigint from taken
    )
    select json_build_object('id', m.id, 'number', m.number, 'conversation_id', m.conversation_id, 'type', m.type, 'ref', m.ref, 'menu_key', m.menu_key,
        'menu_version', m.menu_version, 'variables', m.variables, 'error', m.error, 'expires_at', m.expires_at, 'attempts', m.attempts, 'lease_token', m.lease_token,
        'to_id', c.id, 'to_phone', coalesce(c.wa_phone, c.phone), 'to_bsuid', c.bsuid, 'last_inbound_at', v.last_inbound_at, 'quoted', q.provider_id)::text as head,
      m.payload
    from taken m left join wa_conversations v on v.id = m.conversation_id left join wa_contacts c on c.id = v.contact_id left join wa_messages q on q.id = m.reply_to`,
}

/** Conversations are locked first and in order, as everybody does who locks several. */
export const ACCEPT_POSTGRES: Prepared = {
  name: 'wa_accepting',
  sql: `
    with given as materialized (
      select (value ->> 0)::bigint as id, value ->> 1 as token, value ->> 2 as provider_id, (value ->> 3)::char(22) as key, (value ->> 4)::bigint as conversation_id
      from json_array_elements($1::json)
    ), held as materialized (
      select id from wa_conversations where id in (select conversation_id from given) order by id for update
    ), taken as (
      update wa_messages m set status = 'accepted', provider_id = g.provider_id, provider_key = g.key, next_at = null, lease_until = null, lease_token = null,
             error = null, error_code = null
      from given g where (select count(*) from held) >= 0 and m.id = g.id and m.status = 'sending' and m.lease_token = g.token
        and not exists (select 1 from wa_events e where e.provider_key = g.key and e.type = 'status' and e.message_id is null)
      returning m.id, m.conversation_id
    ), steps as (
      insert into wa_message_history (message_id, status, at) select id, 'accepted', $2::bigint from taken
    ), touched as (
      update wa_conversations set changed_at = $2::bigint where id in (select conversation_id from taken)
    )
    select id from taken`,
}
