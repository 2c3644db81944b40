import type { Knex } from 'knex'

/** What all instances must know of a business number before they send: which of them holds how many places of its rate, and whether it holds. */
export async function up(knex: Knex): Promise<void> {
  if (await knex.schema.hasTable('wa_numbers')) return
  await knex.schema.createTable('wa_numbers', (table) => {
    if (/mysql/.test(String(knex.client.config.client))) {
      table.charset('utf8mb4')
      table.collate('utf8mb4_bin')
    }
    table.string('number', 64).primary()
    // JSON: instance -> [places, until]. One value, because whoever takes places must see all that others hold.
    table.text('leases').notNullable()
    table.bigInteger('held_until')
    table.text('held_why')
  })
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTableIfExists('wa_numbers')
}
