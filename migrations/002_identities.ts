import type { Knex } from 'knex'

const COLUMNS = {
  wa_phone: (table: Knex.AlterTableBuilder) => table.string('wa_phone', 20),
  merged_into: (table: Knex.AlterTableBuilder) => table.bigInteger('merged_into'),
} as const

/** A customer may be known under two spellings of one number, and two rows may prove to be one customer. Each step bears being run again (MySQL). */
export async function up(knex: Knex): Promise<void> {
  for (const [name, add] of Object.entries(COLUMNS)) {
    if (!(await knex.schema.hasColumn('wa_contacts', name))) await knex.schema.alterTable('wa_contacts', (table) => void add(table))
  }
  await uniqueIndex(knex, 'wa_contacts_wa_phone', 'wa_phone')
}

async function uniqueIndex(knex: Knex, name: string, column: string): Promise<void> {
  if (!/mysql/.test(knex.client.config.client)) return void (await knex.raw(`create unique index if not exists ${name} on wa_contacts (${column})`))
  const [found] = await knex.raw('show index from wa_contacts where key_name = ?', [name])
  if (found.length === 0) await knex.raw(`create unique index ${name} on wa_contacts (${column})`)
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('wa_contacts', (table) => {
    table.dropUnique(['wa_phone'], 'wa_contacts_wa_phone')
    table.dropColumns('wa_phone', 'merged_into')
  })
}
