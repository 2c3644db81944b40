import type { Knex } from 'knex'

/**
 * Every index that a webhook hits at a random place is a page more to write before its 200. The events of a conversation are found by its messages, whose
 * ids grow like those of the events, so that new entries stand side by side; only events without a message (a handover, an opt-out) need their conversation.
 * MariaDB has no partial indexes and keeps what it has.
 */
export async function up(knex: Knex): Promise<void> {
  if (/mysql/.test(String(knex.client.config.client))) {
    const [found] = await knex.raw(`show index from wa_events where key_name = 'wa_events_message'`)
    if (found.length === 0) await knex.raw('create index wa_events_message on wa_events (message_id)')
    return
  }
  await knex.raw('create index if not exists wa_events_message on wa_events (message_id) where message_id is not null')
  await knex.raw('create index if not exists wa_events_wordless on wa_events (conversation_id, id) where conversation_id is not null and message_id is null')
  await knex.raw('drop index if exists wa_events_conversation')
}

export async function down(knex: Knex): Promise<void> {
  if (/mysql/.test(String(knex.client.config.client))) return void (await knex.raw('drop index wa_events_message on wa_events'))
  await knex.raw('create index if not exists wa_events_conversation on wa_events (conversation_id, id)')
  await knex.raw('drop index if exists wa_events_wordless')
  await knex.raw('drop index if exists wa_events_message')
}
