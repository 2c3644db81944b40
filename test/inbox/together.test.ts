import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Post } from '../../lib/inbox/post'
import { type Met, storeTogether } from '../../lib/inbox/together'
import { usualOf } from '../../lib/inbox/usual'
import { storeWithCare } from '../../lib/inbox/with-care'
import type { Incoming, IncomingMessage, IncomingStatus } from '../../lib/model/event'
import { ensureContact } from '../../lib/store/contacts'
import { ensureConversation } from '../../lib/store/conversations'
import { type Db, openDatabase } from '../../lib/store/database'
import { applyStatus } from '../../lib/store/departures'
import { eraseContact } from '../../lib/store/erase'
import { insertOutbound, messageById } from '../../lib/store/messages'
import { migrate } from '../../lib/store/migrate'
import { engines } from '../support/databases'

const NOW = 1_795_150_000_000
const asha = { phone: '+919800000001', bsuid: 'IN.7Qx', username: null, name: 'Asha' }
const ravi = { phone: '+919800000002', bsuid: null, username: null, name: null }

const says = (id: string, over: Partial<IncomingMessage> = {}): IncomingMessage => ({
  kind: 'message',
  type: 'text',
  dedupe: `message:${id}`,
  raw: `{"id":"${id}"}`,
  at: NOW - 5000,
  providerId: id,
  who: asha,
  replyTo: null,
  text: `words of ${id}`,
  ...over,
})
const tap = (id: string, over: Partial<IncomingMessage> = {}): IncomingMessage =>
  says(id, { type: 'list_reply', replyTo: 'wamid.menu', reply: { id: 'track', title: 'Track', via: 'list' }, text: 'Track', ...over })
const status = (id: string): IncomingStatus => ({
  kind: 'status',
  dedupe: `status:${id}`,
  raw: '{}',
  at: NOW,
  providerId: id,
  ref: 'x'.repeat(22),
  status: 'delivered',
  error: null,
  alert: false,
  who: ravi,
})
/** What JSON escapes, and what a database might read differently. */
const ODD = { nul: 'a\u0000b', half: '\ud800', signs: '"\\/\n', number: 1e21, small: 1e-7, deep: { '': [[null, true]] }, नाम: 'आशा 👍🏽' }
const post = (...items: Incoming[]): Post => ({
  ...{ number: 'default', body: Buffer.from(JSON.stringify(items)), items: () => items, usual: null },
  ...{ since: 0, resolve() {}, reject() {} },
})
/** As the door does: each written down as it comes, then all of them stored at once. */
const storedTogether = (db: Db, posts: readonly Post[], met: Met, now: number): ReturnType<typeof storeTogether> => {
  for (const one of posts) one.usual = usualOf(db, one.number, one.items(), now)
  return storeTogether(db, posts, met, now)
}

const careful = async (db: Db, posts: readonly Post[]): Promise<unknown[]> => {
  const failures: unknown[] = []
  await storeWithCare(
    db,
    posts,
    NOW,
    () => {},
    (_posts, error) => failures.push(error),
  )
  return failures
}
const dump = async (db: Db) => ({
  contacts: await db.read('wa_contacts').orderBy('id'),
  conversations: await db.read('wa_conversations').orderBy('id'),
  messages: await db.read('wa_messages').orderBy('id').select(db.read.raw('*')),
  events: await db.read('wa_events').orderBy('id'),
})

for (const engine of engines()) {
  const battery = (title: string, body: (db: Db, other: Db) => Promise<void>): void => {
    test(`${engine.name}: ${title}`, { skip: engine.skip || (engine.name === 'mysql' ? 'MariaDB stores with care alone' : false) }, async () => {
      const databases = [await engine.open(), await engine.open()]
      const opened = await Promise.all(databases.map((database) => openDatabase(database.url)))
      try {
        for (const db of opened) {
          await migrate(db)
          await known(db)
        }
        await body(opened[0] as Db, opened[1] as Db)
      } finally {
        for (const db of opened) await db.close()
        for (const database of databases) await database.drop()
      }
    })
  }
  /** Two customers, and a menu that was sent to one of them. */
  const known = async (db: Db): Promise<void> => {
    const conversations: { id: number }[] = []
    for (const who of [asha, ravi])
      conversations.push(await db.tx(async (trx) => ensureConversation(trx, db, 'default', (await ensureContact(trx, db, who, NOW)).id, NOW)))
    await db.tx(async (trx) => {
      const id = await insertOutbound(trx, db, {
        number: 'default',
        conversationId: conversations[0]?.id ?? 0,
        type: 'text',
        json: JSON.stringify({ type: 'text', text: 'menu' }),
        text: 'menu',
        menu: { key: 'help', version: 3, variables: {} },
        replyTo: null,
        meta: null,
        sentBy: null,
        idempotencyKey: null,
        fingerprint: null,
        expiresAt: NOW,
        now: NOW,
      })
      await trx('wa_messages')
        .where({ id })
        .update({ ref: 'r'.repeat(22) })
      const message = await messageById(trx, id ?? 0)
      if (message) await applyStatus(trx, message, 'sent', null, NOW, 'wamid.menu')
    })
  }

  battery('what is stored together is what would have been stored one by one', async (together, oneByOne) => {
    const posts = [
      post(says('1'), says('2', { who: ravi, text: 'नमस्ते a\u0000b\ud800c', at: null })),
      post(tap('3'), status('4')),
      post(says('5', { type: 'media', text: null, media: { type: 'image', id: 'm', link: null, mimeType: null, filename: null, caption: null } })),
      post(says('6', { type: 'reaction', text: '👍', at: NOW - 1000 }), tap('7', { who: ravi, replyTo: 'wamid.unknown' })),
      post({ kind: 'unrecognised', what: 'odd', dedupe: 'odd:1', raw: '[]', at: null }),
      post({ kind: 'unrecognised', what: 'not JSON', dedupe: 'odd:2', raw: '"half of it", 1 \u0000', at: null }),
      post(says('f', { type: 'form', text: null, form: { name: 'odd', response: ODD }, raw: JSON.stringify({ answers: ODD }) })),
      post(says('8', { who: { ...asha, name: null }, text: 'x'.repeat(500) })),
      post(says('9', { who: { phone: '+919800000003', bsuid: 'IN.Third', username: 'third', name: 'Third' } })),
      post(
        says('10', { who: { phone: null, bsuid: 'IN.Fourth', username: null, name: null } }),
        says('11', { who: { phone: '+919800000003', bsuid: 'IN.Third', username: null, name: null } }),
      ),
    ]

    const { stored, others, touched } = await storedTogether(together, posts, new Map(), NOW)
    const failures = await careful(oneByOne, posts)

    assert.deepEqual([stored.length, others.length, failures], [posts.length, 0, []])
    assert.deepEqual(touched, [1, 2, 1, 1, 1, 2, 1, 1, 3, 4, 3])
    assert.deepEqual(await dump(together), await dump(oneByOne))
  })

  battery('words that quote earlier words of the customer point at them, as a tap points at our menu', async (together, oneByOne) => {
    const posts = [post(says('2', { replyTo: '1' })), post(tap('3')), post(says('4', { replyTo: 'wamid.menu' })), post(says('5', { replyTo: 'nobody knows' }))]
    for (const db of [together, oneByOne]) await storedTogether(db, [post(says('1'))], new Map(), NOW)

    await storedTogether(together, posts, new Map(), NOW)
    assert.deepEqual(await careful(oneByOne, posts), [])

    const replies = (await together.read('wa_messages').where({ direction: 'in' }).orderBy('id').pluck('reply_to')) as (number | string | null)[]
    assert.deepEqual(
      replies.map((id) => (id === null ? null : Number(id))),
      [null, 2, 1, 1, null],
    )
    assert.deepEqual(await dump(together), await dump(oneByOne))
  })

  battery('the row of a tap keeps what was tapped, and no second time what its columns and its event hold', async (db) => {
    await storedTogether(db, [post(tap('2'))], new Map(), NOW)

    const row = (await db.read('wa_messages').where({ direction: 'in' }).first()) as Record<string, unknown>
    assert.deepEqual(JSON.parse(String(row.payload)), { reply: { id: 'track', title: 'Track', via: 'list' } })
    assert.deepEqual([Number(row.reply_to), row.reply_id, row.provider_key], [1, 'track', null])
  })

  battery('what was there is not stored again, whether it came alone, in one batch or within one post', async (db) => {
    const met = new Map()
    await storedTogether(db, [post(says('1')), post(says('1'), says('2'), status('3'))], met, NOW)
    const before = await dump(db)

    await storedTogether(db, [post(says('1'), says('1')), post(status('3')), post(says('2'))], met, NOW + 1)

    assert.deepEqual(await dump(db), before)
    assert.equal(before.messages.filter((message) => message.direction === 'in').length, 2)
    assert.equal(Number(before.conversations[0]?.unread), 2)
  })

  battery('whoever brings something new, proves to be another or moved is left to the careful way, with the whole post', async (db) => {
    const posts = [
      post(says('1'), says('2', { who: { ...ravi, name: 'Ravi' } })),
      post(says('3', { who: { ...asha, username: 'asha.t' } })),
      post(says('4', { who: { ...ravi, bsuid: 'IN.New' } })),
      post(says('5', { who: { ...ravi, bsuid: 'IN.7Qx' } })),
      post(says('6', { type: 'system', moved: { phone: '+919800000008', bsuid: null, previousBsuid: null } })),
      post(says('7', { dedupe: null })),
      post(says('8')),
    ]

    const { stored, others } = await storedTogether(db, posts, new Map(), NOW)

    assert.deepEqual(stored, [posts[6]])
    assert.deepEqual(others, posts.slice(0, 6))
  })

  battery('a customer who was erased or renumbered since they were met refuses the batch, and nothing of it is there', async (db) => {
    const met = new Map()
    await storedTogether(db, [post(says('1'))], met, NOW)
    await eraseContact(db, 1, { id: 'u', name: 'u' }, NOW)

    await assert.rejects(storedTogether(db, [post(status('2')), post(says('3'))], met, NOW), /moved/)
    assert.equal((await db.read('wa_events')).length, 1)
    const { touched } = await storedTogether(db, [post(says('3'))], met, NOW)

    assert.deepEqual(touched, [3])
  })

  battery('a late double of a message whose customer was erased makes nobody anew', async (db) => {
    const met = new Map()
    await storedTogether(db, [post(says('1'))], met, NOW)
    await eraseContact(db, 1, { id: 'u', name: 'u' }, NOW)
    const before = await dump(db)

    const { others } = await storedTogether(db, [post(says('1'))], new Map(), NOW)
    assert.deepEqual(await careful(db, others), [])

    assert.deepEqual(await dump(db), before)
  })

  battery('one item that the database refuses does not keep its neighbours out', async (db) => {
    const posts = [post(says('1')), post(says('2', { type: 'x'.repeat(4000) as 'text' }), says('3')), post(says('4'))]

    const whole = await storedTogether(db, posts, new Map(), NOW).catch(() => null)
    if (whole === null) assert.deepEqual(await careful(db, posts), [])

    const texts = ((await db.read('wa_messages').where({ direction: 'in' }).orderBy('id')) as { text: string }[]).map((row) => row.text)
    for (const id of ['1', '3', '4']) assert.ok(texts.includes(`words of ${id}`))
  })
}
