import type { Knex } from 'knex'

/** Where a conversation went that was joined to another one: its id was handed out, and must go on finding it. */
export async function up(knex: Knex): Promise<void> {
  if (await knex.schema.hasTable('wa_joined')) return
  await knex.schema.createTable('wa_joined', (table) => {
    table.bigInteger('conversation_id').primary()
    table.bigInteger('into_id').notNullable().index('wa_joined_into')
  })
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTableIfExists('wa_joined')
}
