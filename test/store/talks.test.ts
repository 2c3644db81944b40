import assert from 'node:assert/strict'
import { ensureContact } from '../../lib/store/contacts'
import { ensureConversation, setMode, touchConversation } from '../../lib/store/conversations'
import type { Db } from '../../lib/store/database'
import { insertOutbound } from '../../lib/store/messages'
import { NEWS } from '../../lib/store/news'
import { ask } from '../../lib/store/question'
import { talksOf } from '../../lib/store/talks'
import { batteryOn } from '../support/battery'
import { engines } from '../support/databases'

const NOW = 1_795_150_000_000
/** What JSON and SQL have words of their own for. */
const HOSTILE = `"'\\ , null ]} \n नमस्ते 😀 ? $1`

for (const engine of engines()) {
  const battery = batteryOn(engine)
  /** Somebody writes; with `by` one of the staff answers. */
  const talk = async (db: Db, nth: number, { at = NOW, number = 'default', by }: { at?: number; number?: string; by?: string } = {}): Promise<number> =>
    db.tx(async (trx) => {
      const contact = await ensureContact(trx, db, { phone: `+91980000${1000 + nth}`, bsuid: null, username: null, name: `Asha ${nth} ${HOSTILE}` }, NOW)
      const conversation = await ensureConversation(trx, db, number, contact.id, NOW)
      await touchConversation(trx, conversation, { id: 0, direction: 'in', text: HOSTILE, at }, at, at)
      if (by === undefined) return conversation.id
      const message = { number, conversationId: conversation.id, type: 'text', json: '{}', text: 'Yes', menu: null, replyTo: null, meta: null }
      const id = await insertOutbound(trx, db, { ...message, sentBy: by, idempotencyKey: null, fingerprint: null, expiresAt: at, now: at })
      await touchConversation(trx, conversation, { id: id as number, direction: 'out', text: 'Yes', at }, null, at)
      return conversation.id
    })
  const listed = async (db: Db, request: Parameters<typeof talksOf>[0]): Promise<number[]> =>
    (await ask(db.read, talksOf(request)))[0].items.map(({ id }) => id)

  battery('a talk of a list says who it is with, what was said last and who of us said it, in whatever signs', async (db) => {
    const heard = await talk(db, 1)
    const answered = await talk(db, 2, { at: NOW + 1, by: 'Meera "M"' })

    const [{ items, next }] = await ask(db.read, talksOf({ limit: 10 }))

    const same = { number: 'default', mode: 'bot', assigned_to: null, unread: 1 }
    const named = (nth: number) => ({ name: `Asha ${nth} ${HOSTILE}`, username: null, phone: `+91980000${1000 + nth}`, bsuid: null })
    assert.deepEqual(
      items.map(({ contact, ...row }) => ({ ...row, contact: contact && { ...contact, id: typeof contact.id } })),
      [
        {
          ...{ ...same, id: answered, last_inbound_at: NOW + 1, last_text: 'Yes', last_direction: 'out', last_at: NOW + 1, last_sent_by: 'Meera "M"' },
          contact: { ...named(2), id: 'number' },
        },
        {
          ...{ ...same, id: heard, last_inbound_at: NOW, last_text: HOSTILE, last_direction: 'in', last_at: NOW, last_sent_by: null },
          contact: { ...named(1), id: 'number' },
        },
      ],
    )
    assert.equal(next, null)
  })

  battery('pages of talks lose none that share a millisecond, and filters narrow them', async (db) => {
    const ids: number[] = []
    for (let nth = 0; nth < 7; nth++) ids.push(await talk(db, nth, { number: nth % 2 ? 'support' : 'default' }))
    await setMode(db.write, ids[4] as number, 'person', null, NOW)

    const seen: number[] = []
    for (let after: string | undefined; ; ) {
      const [page] = await ask(db.read, talksOf({ limit: 3, after }))
      seen.push(...page.items.map(({ id }) => id))
      if (page.next === null) break
      after = page.next
    }

    assert.deepEqual(seen, ids.toReversed())
    assert.deepEqual(await listed(db, { limit: 10, numbers: ['support'] }), [ids[5], ids[3], ids[1]])
    assert.deepEqual(await listed(db, { limit: 10, numbers: [] }), [])
    assert.deepEqual(await listed(db, { limit: 10, mode: 'person', heardSince: NOW - 1, unread: true }), [ids[4]])
    assert.deepEqual(await listed(db, { limit: 10, lastSince: NOW + 1 }), [])
    assert.deepEqual(await listed(db, { limit: 10, lastBefore: NOW + 1, heardBefore: NOW, lastDirection: 'in', number: 'default' }), [
      ids[6],
      ids[4],
      ids[2],
      ids[0],
    ])
  })

  battery('several questions have their own answers, also where there is nothing', async (db) => {
    const nothing = { change: 0, event: 0, message: 0, troubled: 0, attention: 0 }

    assert.deepEqual(await ask(db.read, NEWS, talksOf({ limit: 2 })), [nothing, { items: [], next: null }])
    const id = await talk(db, 1, { by: 'Meera' })
    const [first, news, second] = await ask(db.read, talksOf({ limit: 2, number: 'default' }), NEWS, talksOf({ limit: 2, number: 'support' }))

    assert.deepEqual([first.items.map((one) => one.id), second.items], [[id], []])
    assert.deepEqual(news, { ...nothing, change: NOW, message: 1 })
  })
}
