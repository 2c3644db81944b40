import type { Knex } from 'knex'

/** Under which words staff file a menu. A table of its own: tags belong to no version, and each is looked for by itself. */
export async function up(knex: Knex): Promise<void> {
  if (await knex.schema.hasTable('wa_menu_tags')) return
  await knex.schema.createTable('wa_menu_tags', (table) => {
    // MySQL would take "cafe" and "café" for the same word.
    if (/mysql/.test(String(knex.client.config.client))) {
      table.charset('utf8mb4')
      table.collate('utf8mb4_bin')
    }
    table.bigInteger('menu_id').notNullable()
    table.string('tag', 64).notNullable()
    table.primary(['menu_id', 'tag'])
    table.index(['tag', 'menu_id'], 'wa_menu_tags_tag')
  })
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTableIfExists('wa_menu_tags')
}
