import type { Knex } from 'knex'

/** What one person did, newest first: without these it is looked for among what everybody did. */
const INDEXES = [
  { name: 'wa_audit_user_name', columns: 'user_name, id' },
  { name: 'wa_audit_user', columns: 'user_id, id' },
] as const

/** MySQL cannot roll a migration back, so each step must bear being run again. */
export async function up(knex: Knex): Promise<void> {
  for (const { name, columns } of INDEXES) {
    if (!isMysql(knex)) {
      await knex.raw(`create index if not exists ${name} on wa_audit (${columns})`)
      continue
    }
    const [found] = await knex.raw('show index from wa_audit where key_name = ?', [name])
    if (found.length === 0) await knex.raw(`create index ${name} on wa_audit (${columns})`)
  }
}

export async function down(knex: Knex): Promise<void> {
  for (const { name } of INDEXES) await knex.raw(isMysql(knex) ? `drop index ${name} on wa_audit` : `drop index if exists ${name}`)
}

const isMysql = (knex: Knex): boolean => /mysql/.test(String(knex.client.config.client))
