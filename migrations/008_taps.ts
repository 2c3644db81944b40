import type { Knex } from 'knex'

/**
 * All that the count of taps asks, in the order of time: without it a chart of two weeks reads two weeks of messages. MySQL has no partial indexes,
 * and one over all messages would cost every webhook.
 */
export async function up(knex: Knex): Promise<void> {
  if (isMysql(knex)) return
  await knex.raw('create index if not exists wa_messages_taps on wa_messages (created_at, reply_id, menu_key, number, id) where reply_id is not null')
}

export async function down(knex: Knex): Promise<void> {
  if (!isMysql(knex)) await knex.raw('drop index if exists wa_messages_taps')
}

const isMysql = (knex: Knex): boolean => /mysql/.test(String(knex.client.config.client))
