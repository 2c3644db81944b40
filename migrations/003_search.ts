import type { Knex } from 'knex'

/** Full-text search over what was said, by each engine's own means. What fills and erases it stands in the database: no writer can forget it. */
export async function up(knex: Knex): Promise<void> {
  const client = String(knex.client.config.client)
  if (/mysql/.test(client)) return onMysql(knex)
  if (/sqlite/.test(client)) return onSqlite(knex)
  return onPostgres(knex)
}

/**
 * FTS5 without a second copy of the words. `detail=none`: which message, and not where in it; a fifth of the size, and rare and common words alike are found
 * newest first. Marks belong to words (Hindi vowel signs). What is deleted is overwritten: an erased customer's words must not stay in the index.
 */
async function onSqlite(knex: Knex): Promise<void> {
  await knex.raw(
    `create virtual table if not exists wa_words using fts5(text, content='wa_messages', content_rowid='id', detail=none, columnsize=0, tokenize="unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'")`,
  )
  await knex.raw(`insert into wa_words (wa_words, rank) values ('secure-delete', 1)`)
  const remove = `insert into wa_words (wa_words, rowid, text) values ('delete', old.id, old.text)`
  const add = 'insert into wa_words (rowid, text) values (new.id, new.text)'
  for (const [name, when, work] of [
    ['insert', 'after insert on wa_messages when new.text is not null', add],
    ['delete', 'after delete on wa_messages when old.text is not null', remove],
    ['forget', 'after update of text on wa_messages when old.text is not null and old.text is not new.text', remove],
    ['change', 'after update of text on wa_messages when new.text is not null and old.text is not new.text', add],
  ]) {
    await knex.raw(`create trigger if not exists wa_words_${name} ${when} begin ${work}; end`)
  }
  await knex.raw(`insert into wa_words (wa_words) values ('rebuild')`)
}

/** Punctuation becomes space first: PostgreSQL's parser would read "ORD-12345" as a word and a negative number. A tsvector holds 1 MB at most. */
async function onPostgres(knex: Knex): Promise<void> {
  const words = `to_tsvector('simple', translate(left(coalesce(text, ''), 100000), '-_./:@#+,;''"()', '              '))`
  await knex.raw(`alter table wa_messages add column if not exists words tsvector generated always as (${words}) stored`)
  await knex.raw('create index if not exists wa_messages_words on wa_messages using gin (words)')
}

/** The words are compared without case here, which nothing else does with them. Every word counts, also "the" and "is". */
async function onMysql(knex: Knex): Promise<void> {
  const [found] = await knex.raw(`show index from wa_messages where key_name = 'wa_messages_words'`)
  if (found.length > 0) return
  const connection = await knex.client.acquireConnection()
  try {
    await knex.raw('set session innodb_ft_enable_stopword = 0').connection(connection)
    await knex.raw('alter table wa_messages modify text mediumtext character set utf8mb4 collate utf8mb4_unicode_520_ci').connection(connection)
    await knex.raw('create fulltext index wa_messages_words on wa_messages (text)').connection(connection)
    await knex.raw('set session innodb_ft_enable_stopword = default').connection(connection)
  } finally {
    await knex.client.releaseConnection(connection)
  }
}

export async function down(knex: Knex): Promise<void> {
  const client = String(knex.client.config.client)
  if (/sqlite/.test(client)) {
    for (const name of ['insert', 'delete', 'forget', 'change']) await knex.raw(`drop trigger if exists wa_words_${name}`)
    await knex.raw('drop table if exists wa_words')
  } else {
    await knex.raw(/mysql/.test(client) ? 'drop index wa_messages_words on wa_messages' : 'alter table wa_messages drop column if exists words')
  }
}
