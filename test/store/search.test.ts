import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ensureContact } from '../../lib/store/contacts'
import { ensureConversation } from '../../lib/store/conversations'
import { type Db, openDatabase } from '../../lib/store/database'
import { eraseContact } from '../../lib/store/erase'
import { insertInbound } from '../../lib/store/messages'
import { migrate } from '../../lib/store/migrate'
import { type SearchRequest, searchMessages, wordsIn } from '../../lib/store/search'
import { engines } from '../support/databases'

const NOW = 1_795_150_000_000

for (const engine of engines()) {
  const battery = (title: string, body: (db: Db, say: (text: string | null, who?: string, number?: string) => Promise<number>) => Promise<void>): void => {
    test(`${engine.name}: ${title}`, { skip: engine.skip }, async () => {
      const database = await engine.open()
      const db = await openDatabase(database.url)
      try {
        await migrate(db)
        await body(db, (text, who = '+919800000001', number = 'default') => say(db, text, who, number))
      } finally {
        await db.close()
        await database.drop()
      }
    })
  }
  const say = (db: Db, text: string | null, phone: string, number: string): Promise<number> =>
    db.tx(async (trx) => {
      const contact = await ensureContact(trx, db, { phone, bsuid: null, username: null, name: null }, NOW)
      const conversation = await ensureConversation(trx, db, number, contact.id, NOW)
      const message = { number, conversationId: conversation.id, type: 'text', text, payload: {}, providerId: null, replyId: null, replyTo: null, menu: null }
      return insertInbound(trx, db, { ...message, at: NOW, now: NOW })
    })
  const found = async (db: Db, text: string, over: Partial<SearchRequest> = {}): Promise<number[]> =>
    (await searchMessages(db.read, db, { text, limit: 50, ...over })).items.map((message) => message.id)

  battery('all words must be there, in any order and case; newest first', async (db, speak) => {
    const first = await speak('Where is my order ORD-12345?')
    const second = await speak('My ORDER has not arrived')
    await speak('Something else')
    await speak(null)

    assert.deepEqual(await found(db, 'order'), [second, first])
    assert.deepEqual(await found(db, 'ORDER my'), [second, first])
    assert.deepEqual(await found(db, 'order arrived'), [second])
    assert.deepEqual(await found(db, 'ORD-12345'), [first])
    assert.deepEqual(await found(db, '12345'), [first])
    assert.deepEqual(await found(db, 'orders'), [])
  })

  battery('the last word may be the beginning of one, when whole words do not fill the page', async (db, speak) => {
    const first = await speak('Where is ORD-12345?')
    const second = await speak('ORD-12399 please')
    const third = await speak('ORD-123')

    assert.deepEqual(await found(db, 'ORD-123'), [third, second, first])
    assert.deepEqual(await found(db, 'ORD-1234'), [first])
    assert.deepEqual(await found(db, 'pleas'), [second])
    assert.deepEqual(await found(db, 'ORD-123', { limit: 1 }), [third])
    assert.deepEqual(await found(db, 'wher 12345'), [], 'only the last')
    assert.deepEqual(await found(db, 'whe'), [first])
    assert.deepEqual(await found(db, 'wh'), [])
  })

  battery('Hindi, Arabic and accents are words; a message of one number is not found for another', async (db, speak) => {
    const hindi = await speak('मेरा ऑर्डर कहाँ है')
    const arabic = await speak('أين طلبي', '+971500000001')
    const german = await speak('Größe überprüfen', '+491700000001', 'berlin')

    assert.deepEqual(await found(db, 'ऑर्डर'), [hindi])
    assert.deepEqual(await found(db, 'طلبي'), [arabic])
    assert.deepEqual(await found(db, 'überprüfen'), [german])
    assert.deepEqual(await found(db, 'überprüfen', { numbers: ['default'] }), [])
    assert.deepEqual(await found(db, 'überprüfen', { numbers: ['default', 'berlin'] }), [german])
    assert.deepEqual(await found(db, 'überprüfen', { numbers: [] }), [])
  })

  battery('nothing that is typed is an operator, and nothing of it is an error', async (db, speak) => {
    const id = await speak('near alpha not beta or gamma')
    const odd = [
      '"',
      '"a" OR',
      'alpha AND NOT beta',
      'NEAR(alpha beta)',
      'alpha*',
      '-beta',
      "al'pha",
      '(alpha',
      'text:alpha',
      '%',
      '\u0000',
      '\ud800',
      '🙂',
      '',
      '+ - @ ~ < >',
    ]

    for (const text of odd) await found(db, text)

    assert.deepEqual(await found(db, 'alpha NOT beta'), [id])
    assert.deepEqual(await found(db, 'alpha delta'), [])
    assert.deepEqual(await found(db, '🙂'), [])
  })

  battery('pages follow one another without a gap or a double', async (db, speak) => {
    const ids: number[] = []
    for (let nth = 0; nth < 7; nth++) ids.push(await speak(`order number ${nth}`))

    const seen: number[] = []
    let after: string | undefined
    do {
      const page = await searchMessages(db.read, db, { text: 'order', limit: 3, after })
      seen.push(...page.items.map((message) => message.id))
      after = page.next ?? undefined
    } while (after !== undefined)

    assert.deepEqual(seen, ids.toReversed())
  })

  battery('an erased customer is not found any more, and the words are gone from the index', async (db, speak) => {
    const id = await speak('my secretword is here')
    const other = await speak('another secretword', '+919800000002')
    assert.deepEqual(await found(db, 'secretword'), [other, id])

    const contact = await db.tx((trx) => ensureContact(trx, db, { phone: '+919800000001', bsuid: null, username: null, name: null }, NOW))
    await eraseContact(db, contact.id, { id: 'u', name: 'u' }, NOW)

    assert.deepEqual(await found(db, 'secretword'), [other])
    if (db.dialect === 'sqlite') await db.write.raw(`insert into wa_words (wa_words) values ('integrity-check')`)
  })
}

test('a text becomes few and plain words', () => {
  assert.deepEqual(wordsIn('  a"b  AND (c*) ', 'sqlite'), ['a', 'b', 'AND', 'c'])
  assert.deepEqual(wordsIn('an order_id', 'mysql'), ['order_id'])
  assert.equal(wordsIn(Array.from({ length: 500 }, (_, nth) => `w${nth}`).join(' '), 'postgres').length, 10)
})
