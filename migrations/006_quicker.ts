import type { Knex } from 'knex'

/** What pages ask of big tables: who is unread, who was asked something, and what a number heard last. */
const INDEXES = [
  { name: 'wa_conversations_unread', table: 'wa_conversations', columns: 'last_at, id', mysql: 'unread, last_at, id', where: 'unread > 0' },
  { name: 'wa_conversations_step', table: 'wa_conversations', columns: 'changed_at', mysql: null, where: 'step is not null' },
  { name: 'wa_events_number', table: 'wa_events', columns: 'number, id', mysql: 'number, id', where: null },
] as const

/** MySQL has no partial indexes; and it cannot roll a migration back, so each step must bear being run again. */
export async function up(knex: Knex): Promise<void> {
  for (const { name, table, columns, mysql, where } of INDEXES) {
    if (!isMysql(knex)) {
      await knex.raw(`create index if not exists ${name} on ${table} (${columns})${where === null ? '' : ` where ${where}`}`)
      continue
    }
    const [found] = await knex.raw('show index from ?? where key_name = ?', [table, name])
    if (mysql !== null && found.length === 0) await knex.raw(`create index ${name} on ${table} (${mysql})`)
  }
}

export async function down(knex: Knex): Promise<void> {
  for (const { name, table, mysql } of INDEXES) {
    if (!isMysql(knex)) await knex.raw(`drop index if exists ${name}`)
    else if (mysql !== null) await knex.raw(`drop index ${name} on ${table}`)
  }
}

const isMysql = (knex: Knex): boolean => /mysql/.test(String(knex.client.config.client))
