import type { Knex } from 'knex'

const isMysql = (knex: Knex): boolean => /mysql/.test(knex.client.config.client)

/** MySQL compares without case and cuts trailing spaces unless told: ids of the wire are case-sensitive. */
const create = async (knex: Knex, name: string, build: (table: Knex.CreateTableBuilder) => void): Promise<void> => {
  // MySQL cannot roll a migration back: each step must bear being run again after a crash half-way.
  if (await knex.schema.hasTable(name)) return
  await knex.schema.createTable(name, (table) => {
    if (isMysql(knex)) {
      table.charset('utf8mb4')
      table.collate('utf8mb4_bin')
    }
    build(table)
  })
}

/**
 * A partial index where the engine has them (the queue is a handful of rows among millions), a full one on MySQL.
 * The condition is `… is not null` or one value: sqlite uses a partial index only when it can prove that a query keeps to it, and of a list of values it cannot.
 */
const partialIndex = async (knex: Knex, name: string, table: string, columns: string, where: string, unique: 'unique' | '' = ''): Promise<void> => {
  if (isMysql(knex)) {
    const [found] = await knex.raw('show index from ?? where key_name = ?', [table, name])
    if (found.length === 0) await knex.raw(`create ${unique} index ${name} on ${table} (${columns})`)
    return
  }
  await knex.raw(`create ${unique} index if not exists ${name} on ${table} (${columns}) where ${where}`)
}

export async function up(knex: Knex): Promise<void> {
  await create(knex, 'wa_lock', (t) => {
    t.integer('turn').notNullable()
  })
  if ((await knex('wa_lock').select('turn')).length === 0) await knex('wa_lock').insert({ turn: 0 })

  await create(knex, 'wa_chores', (t) => {
    t.string('name', 64).primary()
    t.bigInteger('due_at').notNullable()
  })

  await create(knex, 'wa_contacts', (t) => {
    t.bigIncrements('id')
    t.string('phone', 20).unique({ indexName: 'wa_contacts_phone' })
    t.string('bsuid', 160).unique({ indexName: 'wa_contacts_bsuid' })
    t.string('external_id', 190).unique({ indexName: 'wa_contacts_external_id' })
    t.string('username', 190)
    t.text('name')
    t.string('language', 16)
    t.smallint('opted_out').notNullable().defaultTo(0)
    t.text('attributes')
    t.bigInteger('created_at').notNullable()
    t.bigInteger('updated_at').notNullable()
  })

  await create(knex, 'wa_conversations', (t) => {
    t.bigIncrements('id')
    t.string('number', 64).notNullable()
    t.bigInteger('contact_id').notNullable()
    t.string('mode', 8).notNullable().defaultTo('bot')
    t.string('assigned_to', 190)
    t.bigInteger('last_inbound_at')
    t.bigInteger('last_message_id')
    t.text('last_text')
    t.string('last_direction', 3)
    t.bigInteger('last_at').notNullable()
    t.integer('unread').notNullable().defaultTo(0)
    t.text('step')
    t.bigInteger('changed_at').notNullable()
    t.bigInteger('created_at').notNullable()
    t.unique(['contact_id', 'number'], { indexName: 'wa_conversations_contact_number' })
    t.index(['last_at', 'id'], 'wa_conversations_last_at')
    t.index(['changed_at'], 'wa_conversations_changed_at')
  })

  await partialIndex(knex, 'wa_conversations_person', 'wa_conversations', isMysql(knex) ? 'mode, last_at, id' : 'last_at, id', "mode = 'person'")

  await create(knex, 'wa_messages', (t) => {
    t.bigIncrements('id')
    t.string('number', 64).notNullable()
    t.bigInteger('conversation_id').notNullable()
    t.string('direction', 3).notNullable()
    t.string('type', 32).notNullable()
    t.text('text', 'mediumtext')
    t.text('payload', 'mediumtext')
    t.string('status', 16)
    t.string('provider_id', 255)
    t.specificType('provider_key', 'char(22)')
    t.specificType('ref', 'char(22)')
    t.string('menu_key', 64)
    t.integer('menu_version')
    t.text('variables', 'mediumtext')
    t.string('reply_id', 256)
    t.bigInteger('reply_to')
    t.integer('error_code')
    t.text('error')
    t.text('meta')
    t.string('sent_by', 190)
    t.bigInteger('at').notNullable()
    t.bigInteger('created_at').notNullable()
    t.bigInteger('next_at')
    t.bigInteger('expires_at')
    t.integer('attempts').notNullable().defaultTo(0)
    t.bigInteger('lease_until')
    t.string('lease_token', 190)
    t.specificType('idempotency_key', 'char(64)')
    t.specificType('fingerprint', 'char(64)')
    t.index(['conversation_id', 'id'], 'wa_messages_conversation')
  })
  await partialIndex(knex, 'wa_messages_idempotency_key', 'wa_messages', 'idempotency_key', 'idempotency_key is not null', 'unique')
  await partialIndex(knex, 'wa_messages_provider_key', 'wa_messages', 'provider_key', 'provider_key is not null')
  await partialIndex(knex, 'wa_messages_ref', 'wa_messages', 'ref', 'ref is not null')
  await partialIndex(knex, 'wa_messages_status', 'wa_messages', 'status, id', 'status is not null')
  // `next_at` is set exactly while a message is queued or sending. Oldest first: in order of the id.
  await partialIndex(knex, 'wa_messages_queue', 'wa_messages', isMysql(knex) ? 'next_at, id' : 'id', 'next_at is not null')
  await partialIndex(knex, 'wa_messages_queue_order', 'wa_messages', 'conversation_id, id', 'next_at is not null')

  await create(knex, 'wa_message_history', (t) => {
    t.bigIncrements('id')
    t.bigInteger('message_id').notNullable()
    t.string('status', 16).notNullable()
    t.bigInteger('at').notNullable()
    t.text('detail')
    t.string('caused_by', 190)
    t.index(['message_id', 'id'], 'wa_message_history_message')
  })

  await create(knex, 'wa_events', (t) => {
    t.bigIncrements('id')
    t.specificType('dedupe', 'char(64)').notNullable().unique({ indexName: 'wa_events_dedupe' })
    t.string('number', 64).notNullable()
    t.string('type', 32).notNullable()
    t.bigInteger('conversation_id')
    t.bigInteger('message_id')
    t.specificType('provider_key', 'char(22)')
    t.specificType('ref', 'char(64)')
    t.text('payload', 'mediumtext')
    t.text('raw', 'mediumtext')
    t.string('state', 20).notNullable()
    t.smallint('late').notNullable().defaultTo(0)
    t.smallint('planned').notNullable().defaultTo(0)
    t.integer('attempts').notNullable().defaultTo(0)
    t.integer('crashes').notNullable().defaultTo(0)
    t.integer('replays').notNullable().defaultTo(0)
    t.text('error')
    t.bigInteger('at').notNullable()
    t.bigInteger('created_at').notNullable()
    t.bigInteger('finished_at')
    t.bigInteger('next_at')
    t.bigInteger('lease_until')
    t.string('lease_token', 190)
    t.index(['state', 'id'], 'wa_events_state')
    t.index(['conversation_id', 'id'], 'wa_events_conversation')
  })
  await partialIndex(knex, 'wa_events_provider_key', 'wa_events', 'provider_key', 'provider_key is not null')
  // `next_at` is set exactly while an event is open.
  await partialIndex(knex, 'wa_events_queue', 'wa_events', isMysql(knex) ? 'next_at, id' : 'id', 'next_at is not null')
  await partialIndex(knex, 'wa_events_queue_order', 'wa_events', 'conversation_id, id', 'next_at is not null')

  await create(knex, 'wa_runs', (t) => {
    t.bigIncrements('id')
    t.bigInteger('event_id').notNullable()
    t.string('listener', 255).notNullable()
    t.integer('position').notNullable()
    t.string('state', 16).notNullable()
    t.integer('attempts').notNullable().defaultTo(0)
    t.text('snapshot')
    t.text('error')
    t.bigInteger('finished_at')
    t.unique(['event_id', 'listener'], { indexName: 'wa_runs_event_listener' })
  })

  await create(knex, 'wa_menus', (t) => {
    t.bigIncrements('id')
    t.string('key', 64).notNullable().unique({ indexName: 'wa_menus_key' })
    t.string('type', 16).notNullable()
    t.string('owner', 8).notNullable()
    t.integer('version')
    t.text('draft', 'mediumtext')
    t.text('declared', 'mediumtext')
    t.text('declarations', 'mediumtext')
    t.integer('revision').notNullable().defaultTo(1)
    t.string('updated_by', 190)
    t.bigInteger('updated_at').notNullable()
    t.bigInteger('created_at').notNullable()
    t.bigInteger('archived_at')
  })

  await create(knex, 'wa_menu_versions', (t) => {
    t.bigIncrements('id')
    t.bigInteger('menu_id').notNullable()
    t.integer('version').notNullable()
    t.text('spec', 'mediumtext').notNullable()
    t.string('published_by', 190)
    t.bigInteger('published_at').notNullable()
    t.unique(['menu_id', 'version'], { indexName: 'wa_menu_versions_menu_version' })
  })

  await create(knex, 'wa_audit', (t) => {
    t.bigIncrements('id')
    t.string('user_id', 190).notNullable()
    t.string('user_name', 190).notNullable()
    t.string('action', 64).notNullable()
    t.string('subject', 190).notNullable()
    t.text('before', 'mediumtext')
    t.text('after', 'mediumtext')
    t.bigInteger('at').notNullable()
    t.index(['subject', 'id'], 'wa_audit_subject')
  })
}

export async function down(knex: Knex): Promise<void> {
  for (const table of [
    'wa_audit',
    'wa_menu_versions',
    'wa_menus',
    'wa_runs',
    'wa_events',
    'wa_message_history',
    'wa_messages',
    'wa_conversations',
    'wa_contacts',
    'wa_chores',
    'wa_lock',
  ]) {
    await knex.schema.dropTableIfExists(table)
  }
}
