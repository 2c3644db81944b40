import { CLOCK } from './lease'
import type { Prepared } from './prepared'

/** Ids by number as one text: a row of a cell each would cost more to hand over than to find. */
export const DUE_SQLITE: Prepared = {
  name: 'wa_due_outgoing',
  sql: `
    select number, json_group_array(id) as ids from (
      select m.id, m.number from wa_messages m
      where m.status = 'queued' and m.next_at <= ?1 and m.number not in (select value from json_each(?2))
        and not exists (select 1 from wa_messages o where o.conversation_id = m.conversation_id and o.id < m.id and o.next_at is not null)
      order by m.id limit ?3
    ) group by number`,
}

/**
 * One UPDATE of a view of this connection; a trigger does the rest, row by row. One statement is one trip to sqlite's thread and one commit, and what it
 * answers are exactly the rows that it found in the state that it asked for. Nothing of it is in the file.
 */
export const CLAIM_SQLITE: Prepared = {
  name: 'wa_claiming',
  setup: `
    create temp view if not exists wa_claiming as
      select m.id, m.number, m.conversation_id, m.type, m.payload, m.status, m.ref, m.menu_key, m.menu_version, m.variables, m.error, m.expires_at, m.attempts,
             m.lease_token, null as lease_ms, null as now, c.id as to_id, coalesce(c.wa_phone, c.phone) as to_phone, c.bsuid as to_bsuid, v.last_inbound_at,
             q.provider_id as quoted
      from wa_messages m left join wa_conversations v on v.id = m.conversation_id left join wa_contacts c on c.id = v.contact_id
           left join wa_messages q on q.id = m.reply_to;
    create temp trigger if not exists wa_claiming_update instead of update on wa_claiming begin
      update wa_messages set status = 'sending', lease_until = ${CLOCK.sqlite} + new.lease_ms, lease_token = new.lease_token, attempts = new.attempts where id = new.id;
      insert into wa_message_history (message_id, status, at) values (new.id, 'sending', new.now);
    end`,
  sql: `
    update wa_claiming set attempts = attempts + 1, lease_token = ?2, lease_ms = ?3, now = ?4
    where id in (select value from json_each(?1)) and +status = 'queued'
    returning json_object('id', id, 'number', number, 'conversation_id', conversation_id, 'type', type, 'ref', ref, 'menu_key', menu_key, 'menu_version', menu_version,
      'variables', variables, 'error', error, 'expires_at', expires_at, 'attempts', attempts, 'lease_token', lease_token, 'to_id', to_id, 'to_phone', to_phone,
      'to_bsuid', to_bsuid, 'last_inbound_at', last_inbound_at, 'quoted', quoted) as head, payload`,
}

/** Begins with what is given: with the messages that are leaving at its head, every one of them would read the whole of it. */
export const ACCEPT_SQLITE: Prepared = {
  name: 'wa_accepting',
  setup: `
    create temp view if not exists wa_accepting as
      select id, conversation_id, status, lease_token, provider_id, provider_key, null as now from wa_messages;
    create temp trigger if not exists wa_accepting_update instead of update on wa_accepting begin
      update wa_messages set status = 'accepted', provider_id = new.provider_id, provider_key = new.provider_key, next_at = null, lease_until = null, lease_token = null,
             error = null, error_code = null where id = new.id;
      insert into wa_message_history (message_id, status, at) values (new.id, 'accepted', new.now);
      update wa_conversations set changed_at = new.now where id = new.conversation_id;
    end`,
  sql: `
    update wa_accepting set provider_id = given.value ->> 2, provider_key = given.value ->> 3, now = ?2 from json_each(?1) as given
    where wa_accepting.id = given.value ->> 0 and +status = 'sending' and lease_token = given.value ->> 1
      and not exists (select 1 from wa_events e where e.provider_key = given.value ->> 3 and e.type = 'status' and e.message_id is null)
    returning id`,
}
