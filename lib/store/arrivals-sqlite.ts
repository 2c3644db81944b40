import { headOf } from './heads'
import type { Prepared } from './prepared'

/** Fields of a row, in the order of the view. The first is known last; behind the second they stand as `rowOf` makes them (arrivals.ts). */
export const FIELDS = [
  ...['conversation_id', 'raw', 'dedupe', 'number', 'type', 'state', 'payload', 'error', 'at', 'provider_key', 'ref'],
  ...['phone', 'bsuid', 'text', 'content', 'provider_id', 'reply_id', 'reply_key', 'quoted', 'words', 'inbound_at'],
] as const

/**
 * One INSERT into a view of this connection; a trigger does the rest, row by row. One statement is one trip to sqlite's thread and one commit:
 * with BEGIN, three statements and COMMIT a busy event loop waits five times. Nothing of it is in the file.
 */
export const ARRIVALS_SQLITE: Prepared = {
  name: 'wa_arrivals',
  setup: `
    create temp view if not exists wa_arrivals (${FIELDS.join(', ')}, now) as select ${FIELDS.map(() => 'null').join(', ')}, null where 0;
    create temp trigger if not exists wa_arrivals_insert instead of insert on wa_arrivals begin
      select raise(abort, 'a customer moved while the batch was written') where new.conversation_id is not null and not exists (
        select 1 from wa_conversations v join wa_contacts c on c.id = v.contact_id
        where v.id = new.conversation_id and v.number = new.number and (new.phone is null or (c.phone = new.phone and c.wa_phone is null)) and (new.bsuid is null or c.bsuid = new.bsuid));
      insert into wa_messages (number, conversation_id, direction, type, text, payload, provider_id, reply_id, reply_to, menu_key, menu_version, at, created_at)
        select new.number, new.conversation_id, 'in', new.type, new.text, new.content, new.provider_id, new.reply_id,
               a.id, iif(a.menu_version is null, null, a.menu_key), iif(a.menu_key is null, null, a.menu_version), new.at, new.now
        from (select 1) left join wa_messages a on a.id = coalesce(
          (select id from wa_messages where provider_key = new.reply_key limit 1), (select message_id from wa_events where dedupe = new.quoted))
        where new.conversation_id is not null and not exists (select 1 from wa_events where dedupe = new.dedupe);
      insert into wa_events (dedupe, number, type, conversation_id, message_id, provider_key, ref, payload, raw, state, error, at, created_at, next_at)
        values (new.dedupe, new.number, new.type, new.conversation_id, iif(new.conversation_id is null, null, last_insert_rowid()), new.provider_key, new.ref,
                new.payload, new.raw, new.state, new.error, new.at, new.now, iif(new.state = 'waiting', new.now, null))
        on conflict (dedupe) do nothing;
      update wa_conversations set last_message_id = (select message_id from wa_events where id = last_insert_rowid()), last_text = new.words, last_direction = 'in',
             last_at = new.now, changed_at = new.now, unread = unread + 1, last_inbound_at = nullif(max(coalesce(last_inbound_at, 0), coalesce(new.inbound_at, 0)), 0)
        where id = new.conversation_id and changes() > 0;
    end`,
  sql: `insert into wa_arrivals select ${FIELDS.map((_field, at) => `value ->> ${at}`).join(', ')}, ?2 from jsonb_each(?1)`,
}

/** The same, and what becomes of each in the inbox: for whoever handles them at once. */
export const ARRIVALS_SQLITE_SEEN: Prepared = { ...ARRIVALS_SQLITE, sql: `${ARRIVALS_SQLITE.sql} returning ${headOf('wa_arrivals.dedupe')} as head` }
