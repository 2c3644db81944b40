import assert from 'node:assert/strict'
import type { Who } from '../../lib/model/event'
import type { MenuSpec } from '../../lib/model/menu'
import type { SentMessage } from '../../lib/model/message'
import { claimEvents } from '../../lib/store/claims'
import { ensureContact, findContact } from '../../lib/store/contacts'
import {
  conversationById,
  conversationsByArrival,
  ensureConversation,
  listConversations,
  type Step,
  setMode,
  setStep,
  touchConversation,
} from '../../lib/store/conversations'
import type { Db } from '../../lib/store/database'
import { applyStatus, decideOutbound, expireLeases, releaseOutbound, settleOutbound } from '../../lib/store/departures'
import { eraseContact } from '../../lib/store/erase'
import { type EventRow, eventById, insertEvent, listEvents } from '../../lib/store/events'
import { historyOf, insertHistories } from '../../lib/store/history'
import { joinContacts } from '../../lib/store/join'
import {
  archiveMenu,
  countChangedMenus,
  declareMenu,
  discardDraft,
  listMenus,
  menuByKey,
  menuVersionByKey,
  publishDraft,
  rollBack,
  saveDraft,
} from '../../lib/store/menus'
import { insertInbound, insertOutbound, listMessages, type MessageRow, messageById, providerKey } from '../../lib/store/messages'
import { migrate, unknownMigrations } from '../../lib/store/migrate'
import { claimOutgoing, dueOutgoing } from '../../lib/store/outgoing'
import { decideEvent, extendLease, finishEvent, holdEvent, markPlanned, releaseClaim } from '../../lib/store/queue'
import { hashOf } from '../../lib/store/rows'
import { insertRuns, recordRun, runsOf } from '../../lib/store/runs'
import { acceptTogether, type Settled, settleTogether } from '../../lib/store/settlements'
import { migrationSource } from '../../migrations/index'
import { batteryOn } from '../support/battery'
import { engines } from '../support/databases'

const claimOutbound = async (db: Db, limit: number, token: string, now: number, leaseMs: number, without: readonly string[]) => {
  const ids = (await dueOutgoing(db, limit, now, without)).flatMap((due) => due.ids)
  return (await claimOutgoing(db, ids, token, now, leaseMs)).map(({ message }) => message)
}

const NOW = 1_795_150_000_000
const STAFF = { id: 'u1', name: 'Meera' }
const asha = { phone: '+919800000001', bsuid: null, username: null, name: 'Asha' }
const words = (text: string): SentMessage => ({ type: 'text', text })
const menu = (body: string): MenuSpec => ({ key: 'confirm', type: 'button', body, buttons: [{ id: 'yes', title: 'Yes' }] })
const event = (key: string, over: object = {}) => ({
  dedupe: hashOf(key),
  number: 'default',
  type: 'text',
  payload: null,
  raw: '{}',
  state: 'waiting' as const,
  at: NOW,
  now: NOW,
  ...over,
})

const asked = (name: string): Step => ({
  flow: 'booking',
  name,
  since: NOW,
  data: { day: 'Mon' },
  messageId: 7,
  ids: ['a'],
  steps: { a: 'x' },
  pattern: ['^\\d+$', 'i'],
  retry: null,
  expiresAt: null,
})

const claim = async (db: Db, token: string, now = NOW): Promise<EventRow[]> => {
  const { taken } = await claimEvents(db, { limit: 10, token, now, leaseMs: 60_000, idle: true }, async () => null)
  return taken.map(({ event }) => event)
}
/** A minute and more goes by for those who hold leases: they are measured by the database's clock, which no test can move. */
const lapse = async (db: Db): Promise<void> => {
  for (const table of ['wa_events', 'wa_messages']) await db.write(table).whereNotNull('lease_until').decrement('lease_until', 61_000)
}

/** One battery for every engine: what the rest of the package may rely on. */
for (const engine of engines()) {
  const battery = batteryOn(engine)
  const talk = async (db: Db, who: Who = asha) => db.tx(async (trx) => ensureConversation(trx, db, 'default', (await ensureContact(trx, db, who, NOW)).id, NOW))
  const queue = async (db: Db, conversationId: number, text: string, key: string | null = null): Promise<number | null> =>
    db.tx((trx) =>
      insertOutbound(trx, db, {
        number: 'default',
        conversationId,
        type: 'text',
        json: JSON.stringify(words(text)),
        text,
        menu: null,
        replyTo: null,
        meta: null,
        sentBy: null,
        idempotencyKey: key && hashOf(key),
        fingerprint: null,
        expiresAt: NOW + 86_400_000,
        now: NOW,
      }),
    )

  battery('migrating twice, and six at once, does no harm', async (db) => {
    await Promise.all(Array.from({ length: 6 }, () => migrate(db)))

    assert.deepEqual(await unknownMigrations(db), [])
    assert.equal((await db.read('wa_migrations')).length, (await migrationSource.getMigrations([])).length)
  })

  battery('of eight deliveries of one event one is stored; ids differ by case and by trailing space', async (db) => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => insertEvent(db.write, db, event('wamid.AbC'))))
    const others = [await insertEvent(db.write, db, event('wamid.aBc')), await insertEvent(db.write, db, event('wamid.AbC '))]

    assert.equal(ids.filter((id) => id !== null).length, 1)
    assert.equal(
      others.every((id) => id !== null),
      true,
    )
    assert.equal((await listEvents(db.read, {}, { limit: 10 })).items.length, 3)
  })

  battery('text that is no proper text is kept readable: NUL, a lone surrogate, four megabytes', async (db) => {
    const conversation = await talk(db)
    const nasty = `a\u0000b\ud800c ${'ü'.repeat(2_000_000)}`
    const id = await db.tx((trx) =>
      insertInbound(trx, db, {
        number: 'default',
        conversationId: conversation.id,
        type: 'text',
        text: nasty,
        payload: { note: 'x' },
        providerId: 'p1',
        replyId: null,
        replyTo: null,
        menu: null,
        at: NOW,
        now: NOW,
      }),
    )

    const row = await messageById(db.read, id)
    assert.equal(row?.text?.slice(0, 5), 'a\uFFFDb\uFFFDc')
    assert.equal(row?.text?.length, nasty.length)
  })

  battery('the window does not move back when older words are written down beside newer ones', async (db) => {
    const both = await talk(db)
    const last = { id: 1, direction: 'in' as const, text: 'hi', at: NOW }

    await db.tx((trx) => touchConversation(trx, both, last, NOW, NOW))
    await db.tx((trx) => touchConversation(trx, both, last, NOW - 5000, NOW))

    assert.equal((await conversationById(db.read, both.id))?.last_inbound_at, NOW)
  })

  battery('two rows of one person become one when a message proves it', async (db) => {
    const byPhone = await talk(db)
    const byUser = await talk(db, { phone: null as never, bsuid: 'IN.7Qx' as never, username: null, name: 'Asha' })
    await db.tx((trx) => setStep(trx, byUser.id, null, NOW))

    const one = await db.tx((trx) => ensureContact(trx, db, { phone: asha.phone, bsuid: 'IN.7Qx', username: 'asha.t', name: 'Asha' }, NOW))

    assert.equal(one.id, byPhone.contact_id)
    assert.equal((await findContact(db.read, { bsuid: 'IN.7Qx' }))?.phone, asha.phone)
    assert.equal(await conversationById(db.read, byUser.id), null)
  })

  battery('of a conversation only the oldest open event is claimed, by one of two instances', async (db) => {
    const conversation = await talk(db)
    const first = await insertEvent(db.write, db, event('1', { conversationId: conversation.id }))
    await insertEvent(db.write, db, event('2', { conversationId: conversation.id }))

    const claims = await Promise.all(['a', 'b', 'c', 'd'].map((token) => claim(db, token)))

    assert.deepEqual(
      claims.flat().map((claimed) => [claimed.id, claimed.attempts]),
      [[first, 1]],
    )
  })

  battery('a lease that ran out is taken over, and its old holder completes nothing', async (db) => {
    await insertEvent(db.write, db, event('1'))
    const [old] = await claim(db, 'old')
    await lapse(db)
    const [next] = await claim(db, 'new')
    assert.ok(old && next)

    assert.equal(await extendLease(db, old, 60_000), false)
    assert.equal(await finishEvent(db.write, old, { state: 'done' }, NOW), false)
    assert.equal(await finishEvent(db.write, next, { state: 'done' }, NOW), true)
    assert.deepEqual([next.attempts, next.crashes], [2, 1])
  })

  battery('an attempt that lost its lease plans, records and says nothing', async (db) => {
    await insertEvent(db.write, db, event('1'))
    const [old] = await claim(db, 'old')
    assert.ok(old)
    await db.tx((trx) => insertRuns(trx, [{ eventId: old.id, runs: [{ listener: 'on:text', snapshot: null }] }]))
    const [run] = await runsOf(db.write, old.id)
    await lapse(db)
    const [next] = await claim(db, 'new')
    assert.ok(run && next)
    const end = { state: 'done', attempts: 1, error: null } as const

    await assert.rejects(
      db.tx((trx) => markPlanned(trx, old)),
      { code: 'WA_ABORTED' },
    )
    await assert.rejects(
      db.tx((trx) => holdEvent(trx, db, old)),
      { code: 'WA_ABORTED' },
    )
    assert.equal(await recordRun(db.write, old, { ...run, ...end }, NOW), false)
    assert.equal(await recordRun(db.write, next, { ...run, ...end }, NOW), true)
  })

  battery('an instance whose clock is ten minutes ahead steals no event and gives up no message', async (db) => {
    const conversation = await talk(db)
    const id = (await queue(db, conversation.id, 'one')) ?? 0
    await insertEvent(db.write, db, event('1', { conversationId: conversation.id }))
    const ahead = NOW + 600_000
    const [mine] = await claim(db, 'a')
    const [message] = await claimOutbound(db, 10, 'a', NOW, 60_000, [])
    assert.ok(mine && message)

    assert.deepEqual(await claim(db, 'b', ahead), [])
    assert.equal(await expireLeases(db, ahead), 0)

    assert.equal((await messageById(db.read, id))?.status, 'sending')
    assert.equal(await finishEvent(db.write, mine, { state: 'done' }, NOW), true)
  })

  battery('an instance whose clock is ten minutes behind handles at once what another one received', async (db) => {
    await insertEvent(db.write, db, event('1'))

    assert.equal((await claim(db, 'b', NOW - 600_000)).length, 1)
  })

  battery('an event that stepped aside no longer holds up the ones after it, and is not heard beside them', async (db) => {
    const conversation = await talk(db)
    const first = await insertEvent(db.write, db, event('1', { conversationId: conversation.id }))
    const second = await insertEvent(db.write, db, event('2', { conversationId: conversation.id }))
    const [poison] = await claim(db, 'a')
    assert.ok(poison)
    await finishEvent(db.write, poison, { state: 'retrying', nextAt: NOW + 30_000, late: true, error: 'boom\u0000' }, NOW)

    const [next] = await claim(db, 'a')
    assert.equal(next?.id, second)
    assert.deepEqual(await claim(db, 'b', NOW + 31_000), [])
    await finishEvent(db.write, next as EventRow, { state: 'retrying', nextAt: NOW, late: true, error: 'boom' }, NOW)
    const due = await claim(db, 'b', NOW + 31_000)

    assert.deepEqual(
      due.map((one) => one.id),
      [first],
    )
  })

  battery('twelve instances that claim a conversation with two loose events run one at a time', async (db) => {
    const conversation = await talk(db)
    for (const key of ['1', '2']) await insertEvent(db.write, db, event(key, { conversationId: conversation.id }))
    await db.write('wa_events').update({ late: 1 })

    const claims = await Promise.all(Array.from({ length: 12 }, (_, n) => claim(db, `c${n}`)))

    assert.equal(claims.flat().length, 1)
  })

  battery('a claim whose commit was never confirmed is given back, and nobody failed', async (db) => {
    const conversation = await talk(db)
    const id = (await queue(db, conversation.id, 'one')) ?? 0
    await insertEvent(db.write, db, event('1'))
    await claim(db, 'lost')
    await claimOutbound(db, 10, 'lost', NOW, 60_000, [])

    await releaseClaim(db, 'lost', NOW)
    await releaseOutbound(db, 'lost', NOW)

    assert.deepEqual(
      (await claim(db, 'b')).map(({ attempts, crashes }) => [attempts, crashes]),
      [[1, 0]],
    )
    assert.deepEqual(
      (await claimOutbound(db, 10, 'b', NOW, 60_000, [])).map((message) => message.id),
      [id],
    )
  })

  battery('a status that came before the id it speaks of is heard when the id is known, even while it is being looked at', async (db) => {
    const conversation = await talk(db)
    const id = (await queue(db, conversation.id, 'one')) ?? 0
    const about = (key: string) => event(key, { type: 'status', payload: {}, providerKey: providerKey('default', 'wamid.1') })
    const early = (await insertEvent(db.write, db, about('early'))) ?? 0
    const [looked] = await claim(db, 'a')
    await finishEvent(db.write, looked as EventRow, { state: 'done', parked: true }, NOW)
    const during = (await insertEvent(db.write, db, about('during'))) ?? 0
    const [looking] = await claim(db, 'a')
    const [message] = await claimOutbound(db, 10, 'a', NOW, 60_000, [])
    assert.ok(message && looking)

    const settled = await settleOutbound(db, message, 'a', { status: 'accepted', providerId: 'wamid.1' }, NOW)
    await finishEvent(db.write, looking, { state: 'done', parked: true }, NOW)

    assert.deepEqual(settled, { mine: true, released: 2 })
    for (const status of [early, during]) {
      const row = await eventById(db.write, status)
      assert.deepEqual([row?.state, row?.message_id], ['waiting', id])
    }
  })

  battery('an answer that comes after the lease had run out settles what was uncertain', async (db) => {
    const conversation = await talk(db)
    const id = (await queue(db, conversation.id, 'one')) ?? 0
    const [message] = await claimOutbound(db, 10, 'slow', NOW, 60_000, [])
    assert.ok(message)
    await lapse(db)
    await expireLeases(db, NOW)
    assert.equal((await messageById(db.write, id))?.status, 'uncertain')

    await settleOutbound(db, message, 'slow', { status: 'accepted', providerId: 'wamid.1' }, NOW)

    const row = await messageById(db.write, id)
    assert.deepEqual([row?.status, row?.provider_id], ['accepted', 'wamid.1'])
  })

  battery('a slow answer says nothing about the message that a person has sent again meanwhile', async (db) => {
    const conversation = await talk(db)
    const id = (await queue(db, conversation.id, 'one')) ?? 0
    const [slow] = await claimOutbound(db, 10, 'p#1', NOW, 60_000, [])
    await lapse(db)
    await expireLeases(db, NOW)
    const row = await messageById(db.write, id)
    await db.tx((trx) => decideOutbound(trx, row as MessageRow, 'queued', 'Meera', 'again', NOW))
    const [again] = await claimOutbound(db, 10, 'p#2', NOW, 60_000, [])
    assert.ok(slow && again)

    await settleOutbound(db, slow, 'p#1', { status: 'failed', error: { code: 1, title: 'no', advice: '' } }, NOW)

    assert.equal((await messageById(db.write, id))?.status, 'sending')
  })

  battery("the window never moves back, also when two of the customer's words are written at once", async (db) => {
    const conversation = await talk(db)
    const word = (id: number, at: number) => db.tx((trx) => touchConversation(trx, conversation, { id, direction: 'in', text: 'a\u0000b', at: NOW }, at, NOW))

    await Promise.all([word(1, NOW + 5), word(2, NOW + 3), word(3, NOW + 4)])

    assert.equal((await conversationById(db.write, conversation.id))?.last_inbound_at, NOW + 5)
  })

  battery('a decision on an event is taken once', async (db) => {
    const id = (await insertEvent(db.write, db, event('1', { state: 'needs_attention' }))) ?? 0
    const clicks = await Promise.all(Array.from({ length: 5 }, () => decideEvent(db.write, id, ['needs_attention'], { state: 'waiting' }, NOW)))

    assert.equal(clicks.filter(Boolean).length, 1)
    assert.equal((await eventById(db.read, id))?.state, 'waiting')
  })

  battery('the same idempotency key is one message, also when eight ask at once', async (db) => {
    const conversation = await talk(db)
    const ids = await Promise.all(Array.from({ length: 8 }, () => queue(db, conversation.id, 'hello', 'key-1')))

    assert.equal(ids.filter((id) => id !== null).length, 1)
  })

  battery('messages of a conversation leave one at a time, each claimed by one instance', async (db) => {
    const conversation = await talk(db)
    const first = await queue(db, conversation.id, 'one')
    const second = await queue(db, conversation.id, 'two')

    const claims = (await Promise.all(['a', 'b', 'c'].map((token) => claimOutbound(db, 10, token, NOW, 60_000, [])))).flat()
    assert.deepEqual(
      claims.map((message) => message.id),
      [first],
    )
    const [mine] = claims
    assert.ok(mine)
    await settleOutbound(db, mine, mine.lease_token ?? '', { status: 'accepted', providerId: 'wamid.1' }, NOW)

    assert.deepEqual(
      (await claimOutbound(db, 10, 'a', NOW, 60_000, [])).map((message) => message.id),
      [second],
    )
    assert.deepEqual(
      (await historyOf(db.read, first ?? 0)).map((step) => step.status),
      ['queued', 'sending', 'accepted'],
    )
  })

  battery('what was simply accepted is written down together; a lost lease and a status that came first are left to be settled with care', async (db) => {
    const ids: number[] = []
    for (const n of [1, 2, 3, 4]) {
      const contact = await ensureContact(db.write, db, { ...asha, phone: `+91980000000${n}` }, NOW)
      ids.push((await queue(db, (await ensureConversation(db.write, db, 'default', contact.id, NOW)).id, `hello ${n}`)) ?? 0)
    }
    const claimed = await claimOutbound(db, 10, 'a', NOW, 60_000, [])
    assert.deepEqual(
      claimed.map((message) => message.id),
      ids,
    )
    await insertEvent(db.write, db, event('early', { type: 'status', payload: {}, state: 'done', providerKey: providerKey('default', 'wamid.2') }))
    const accepted = claimed.map((message, n) => ({ message, settlement: { status: 'accepted' as const, providerId: `wamid.${n + 1}` } }))
    const [first, second, third, fourth] = accepted
    assert.ok(first && second && third && fourth)
    const lost = { ...third, message: { ...third.message, lease_token: 'another' } }
    const refused: Settled = { message: fourth.message, settlement: { status: 'failed', error: { code: 1, title: 'no', advice: '' } } }

    const all: Settled[] = [first, second, lost, refused]
    const taken = await acceptTogether(db, all, NOW + 5)
    const states = async () => Promise.all(ids.map(async (id) => (await messageById(db.write, id))?.status))

    if (db.dialect === 'mysql') assert.equal(taken.size, 0)
    else {
      assert.deepEqual([...taken], [ids[0]])
      assert.deepEqual(await states(), ['accepted', 'sending', 'sending', 'sending'])
    }
    const rest = all.filter(({ message }) => !taken.has(message.id))
    assert.deepEqual((await settleTogether(db, rest, NOW + 5)).slice(-3), [
      { mine: true, released: 1 },
      { mine: false, released: 0 },
      { mine: true, released: 0 },
    ])
    assert.deepEqual(await states(), ['accepted', 'accepted', 'sending', 'failed'])
    const row = await messageById(db.write, ids[0] ?? 0)
    assert.deepEqual([row?.provider_id, row?.provider_key, row?.next_at, row?.lease_token], ['wamid.1', providerKey('default', 'wamid.1'), null, null])
    assert.equal((await conversationById(db.write, row?.conversation_id ?? 0))?.changed_at, NOW + 5)
    for (const [n, end] of ['accepted', 'accepted', undefined, 'failed'].entries())
      assert.deepEqual(
        (await historyOf(db.read, ids[n] ?? 0)).map(({ status, at }) => [status, at - NOW]),
        [['queued', 0], ['sending', 0], ...(end ? [[end, 5]] : [])],
      )
  })

  battery('five thousand rows are written at once', async (db) => {
    await db.tx((trx) =>
      insertHistories(
        trx,
        Array.from({ length: 5000 }, (_, n) => ({ messageId: n, status: 'sending' as const, at: NOW })),
      ),
    )

    assert.equal((await db.read('wa_message_history')).length, 5000)
  })

  battery('a message whose sender died is uncertain, never queued again by itself', async (db) => {
    const conversation = await talk(db)
    const id = (await queue(db, conversation.id, 'one')) ?? 0
    await claimOutbound(db, 10, 'dead', NOW, 60_000, [])
    await lapse(db)

    await expireLeases(db, NOW + 61_000)

    assert.equal((await messageById(db.read, id))?.status, 'uncertain')
    assert.deepEqual(await claimOutbound(db, 10, 'b', NOW + 61_000, 60_000, []), [])
  })

  battery('statuses climb in whatever order they come', async (db) => {
    const conversation = await talk(db)
    for (const order of [
      ['sent', 'delivered', 'read'],
      ['read', 'delivered', 'sent'],
      ['delivered', 'read', 'sent'],
      ['sent', 'read', 'delivered'],
    ] as const) {
      const id = (await queue(db, conversation.id, order.join())) ?? 0
      const [mine] = await claimOutbound(db, 10, 'a', NOW, 60_000, [])
      assert.ok(mine)
      await settleOutbound(db, mine, 'a', { status: 'accepted', providerId: `w.${id}` }, NOW)
      for (const status of order) {
        const row = await messageById(db.write, id)
        if (row) await db.tx((trx) => applyStatus(trx, row, status, null, NOW, `w.${id}`))
      }
      assert.equal((await messageById(db.read, id))?.status, 'read', order.join())
    }
  })

  battery('a person decides on an uncertain message, once', async (db) => {
    const conversation = await talk(db)
    const id = (await queue(db, conversation.id, 'one')) ?? 0
    await claimOutbound(db, 10, 'dead', NOW, 60_000, [])
    await lapse(db)
    await expireLeases(db, NOW + 61_000)
    const row = await messageById(db.write, id)
    assert.ok(row)

    const clicks = await Promise.all(Array.from({ length: 4 }, () => db.tx((trx) => decideOutbound(trx, row, 'queued', 'Meera', 'again', NOW))))

    assert.equal(clicks.filter(Boolean).length, 1)
    assert.equal((await claimOutbound(db, 10, 'a', NOW, 60_000, [])).length, 1)
  })

  battery('where a customer stands survives, with its pattern and data', async (db) => {
    const conversation = await talk(db)
    const step = asked('day')
    await db.tx((trx) => setStep(trx, conversation.id, step, NOW))

    assert.deepEqual((await conversationById(db.read, conversation.id))?.step, step)
    assert.deepEqual(
      await Promise.all([setMode(db.write, conversation.id, 'person', null, NOW), setMode(db.write, conversation.id, 'person', null, NOW)]).then(
        (moved) => moved.filter(Boolean).length,
      ),
      1,
    )
  })

  battery(
    'whoever takes over a conversation in the moment in which it is joined to another one takes over that one, and so does what is waited for',
    async (db) => {
      const stays = await talk(db, asha)
      const goes = await talk(db, { phone: null, bsuid: 'IN.7Qx2Test', username: null, name: null })
      let later: Promise<unknown[]> = Promise.resolve([])
      await db.tx(async (trx) => {
        await joinContacts(trx, db, stays.contact_id, goes.contact_id, NOW)
        later = Promise.all([
          db.tx((other) => setMode(other, goes.id, 'person', 'Meera', NOW)),
          db.tx((other) => setStep(other, goes.id, asked('order_number'), NOW)),
        ])
      })

      assert.deepEqual(await later, [stays.id, undefined])
      const { mode, assigned_to, step } = (await conversationById(db.read, stays.id)) ?? {}
      assert.deepEqual([mode, assigned_to, step?.name], ['person', 'Meera', 'order_number'])
    },
  )

  battery('of four processes that start with the same change of a menu that code owns one makes a version of it', async (db) => {
    const owned = (body: string): MenuSpec => ({ ...menu(body), owner: 'code' })
    await declareMenu(db, owned('one'), NOW)

    const declared = await Promise.all(Array.from({ length: 4 }, () => declareMenu(db, owned('two'), NOW)))

    assert.deepEqual(declared.sort(), ['changed', 'same', 'same', 'same'])
    const { version, revision, draft } = (await menuByKey(db.read, 'confirm')) ?? {}
    assert.deepEqual([version, draft, (await db.read('wa_menu_versions')).length], [2, null, 2])
    assert.ok(revision)
  })

  battery('paging loses nobody, also when 30 conversations share one millisecond', async (db) => {
    for (let n = 0; n < 30; n++) {
      const conversation = await talk(db, { ...asha, phone: `+9198000001${String(n).padStart(2, '0')}` })
      await db.tx((trx) => touchConversation(trx, conversation, { id: n + 1, direction: 'in', text: 'hi', at: NOW }, NOW, NOW))
    }
    const seen: number[] = []
    for (let after: string | undefined, guard = 0; guard < 20; guard++) {
      const page = await listConversations(db.read, { limit: 7, after })
      seen.push(...page.items.map((conversation) => conversation.id))
      if (page.next === null) break
      after = page.next
    }

    assert.equal(new Set(seen).size, 30)
    assert.equal(seen.length, 30)
  })

  battery('a declared menu is stored once; a new declaration is a draft, never a silent overwrite', async (db) => {
    assert.equal(await declareMenu(db, menu('Sure?'), NOW), 'new')
    assert.equal(await declareMenu(db, menu('Sure?'), NOW), 'same')
    assert.equal(await declareMenu(db, menu('Really?'), NOW), 'changed')
    assert.equal(await declareMenu(db, menu('Sure?'), NOW), 'same')

    const stored = await menuByKey(db.read, 'confirm')
    assert.equal(stored?.published && 'body' in stored.published && stored.published.body, 'Sure?')
    assert.equal(stored?.draft && 'body' in stored.draft && stored.draft.body, 'Really?')
    assert.equal(stored?.version, 1)
  })

  battery('six instances that declare the same menu at once store it once', async (db) => {
    const results = await Promise.all(Array.from({ length: 6 }, () => declareMenu(db, menu('Sure?'), NOW)))

    assert.equal(results.filter((result) => result === 'new').length, 1)
    assert.equal((await listMenus(db.read, { limit: 10 })).items.length, 1)
  })

  battery('draft, publish, roll back: versions are never rewritten', async (db) => {
    await saveDraft(db, menu('one'), STAFF, null, NOW)
    assert.equal((await publishDraft(db, 'confirm', STAFF, null, NOW)).version, 1)
    await saveDraft(db, menu('two'), STAFF, null, NOW)
    const live = await menuByKey(db.read, 'confirm')
    assert.equal(live?.published && 'body' in live.published && live.published.body, 'one')
    assert.equal((await publishDraft(db, 'confirm', STAFF, null, NOW)).version, 2)
    assert.equal((await publishDraft(db, 'confirm', STAFF, null, NOW)).version, 2)
    assert.equal(await rollBack(db, 'confirm', 1, STAFF, NOW), 3)
    assert.equal(await rollBack(db, 'confirm', 1, STAFF, NOW), 3, 'a second click: its words are live')
    assert.equal(await menuVersionByKey(db.read, 'confirm', 4), null)

    const spec = await menuVersionByKey(db.read, 'confirm', 2)
    assert.equal(spec && 'body' in spec && spec.body, 'two')
    assert.deepEqual((await menuByKey(db.read, 'confirm'))?.published, menu('one'))
  })

  battery('of two who edit the same draft the second is told, and nothing is overwritten', async (db) => {
    const { menu: first } = await saveDraft(db, menu('one'), STAFF, null, NOW)
    await saveDraft(db, menu('mine'), STAFF, first.revision, NOW)

    await assert.rejects(saveDraft(db, menu('yours'), STAFF, first.revision, NOW), { code: 'WA_MENU_STALE' })
    const stored = await menuByKey(db.read, 'confirm')
    assert.equal(stored?.draft && 'body' in stored.draft && stored.draft.body, 'mine')
  })

  battery('of several who publish the same draft at once one makes the version, and the others are told', async (db) => {
    await saveDraft(db, menu('one'), STAFF, null, NOW)

    const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => publishDraft(db, 'confirm', STAFF, null, NOW)))

    const done = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as { code: string }] : []))
    assert.equal(done.filter((one) => one.changed).length, 1)
    assert.deepEqual(new Set(done.map((one) => one.version)), new Set([1]))
    assert.deepEqual(
      refused.filter((error) => error.code !== 'WA_MENU_STALE'),
      [],
    )
  })

  battery('a menu that is made anew is refused where one of that key is, also when it is archived', async (db) => {
    await saveDraft(db, menu('one'), STAFF, 'new', NOW)
    await assert.rejects(saveDraft(db, menu('two'), STAFF, 'new', NOW), { code: 'WA_STATE' })
    await archiveMenu(db, 'confirm', true, STAFF, NOW)
    await assert.rejects(saveDraft(db, menu('two'), STAFF, 'new', NOW), { code: 'WA_STATE' })

    const stored = await menuByKey(db.read, 'confirm')
    assert.equal(stored?.draft && 'body' in stored.draft && stored.draft.body, 'one')
  })

  battery('conversations by arrival stay in their order when one of them moves between two pages', async (db) => {
    for (let number = 1; number <= 5; number++) await talk(db, { ...asha, phone: `+91980000010${number}` })

    const first = await conversationsByArrival(db.read, { limit: 2 })
    const oldest = (await conversationsByArrival(db.read, { limit: 1, after: '2' })).items[0]
    if (oldest) await db.tx((trx) => touchConversation(trx, oldest, { id: 1, direction: 'in', text: 'hi', at: NOW + 9 }, NOW + 9, NOW + 9))
    const rest = await conversationsByArrival(db.read, { limit: 10, after: first.next ?? '' })

    assert.deepEqual(
      [...first.items, ...rest.items].map((one) => one.id),
      [5, 4, 3, 2, 1],
    )
    assert.equal(rest.next, null)
  })

  battery('rolling back leaves the draft that somebody is writing', async (db) => {
    await declareMenu(db, menu('one'), NOW)
    await saveDraft(db, menu('two'), STAFF, null, NOW)
    await publishDraft(db, 'confirm', STAFF, null, NOW)
    await saveDraft(db, menu('three'), STAFF, null, NOW)

    assert.equal(await rollBack(db, 'confirm', 1, STAFF, NOW), 3)

    const stored = await menuByKey(db.read, 'confirm')
    assert.deepEqual([stored?.version, stored?.published, stored?.draft], [3, menu('one'), menu('three')])
  })

  battery('saving the same words again changes nothing', async (db) => {
    const { menu: first } = await saveDraft(db, menu('one'), STAFF, 'new', NOW)
    const { menu: again } = await saveDraft(db, menu('one'), STAFF, first.revision, NOW)

    assert.equal(again.revision, first.revision)
  })

  battery('menus with a draft are listed and counted apart; archived ones are not among them', async (db) => {
    await declareMenu(db, menu('live'), NOW)
    await saveDraft(db, { ...menu('draft'), key: 'written' }, STAFF, 'new', NOW)
    await saveDraft(db, { ...menu('draft'), key: 'gone' }, STAFF, 'new', NOW)
    await archiveMenu(db, 'gone', true, STAFF, NOW)

    assert.deepEqual(
      (await listMenus(db.read, { limit: 10, changed: true })).items.map((one) => one.key),
      ['written'],
    )
    assert.equal(await countChangedMenus(db.read, 10), 1)
  })

  battery('a draft thrown away and a menu archived leave what was sent as it was', async (db) => {
    await declareMenu(db, menu('Sure?'), NOW)
    await saveDraft(db, menu('Hm?'), STAFF, null, NOW)
    await discardDraft(db, 'confirm', STAFF, NOW)
    assert.equal((await menuByKey(db.read, 'confirm'))?.draft, null)
    await archiveMenu(db, 'confirm', true, STAFF, NOW)

    assert.equal((await listMenus(db.read, { limit: 10 })).items.length, 0)
    assert.deepEqual(await menuVersionByKey(db.read, 'confirm', 1), menu('Sure?'))
  })

  battery('an erased customer leaves no words, and a late duplicate of theirs is still known', async (db) => {
    const conversation = await talk(db)
    const id = (await insertEvent(db.write, db, event('1', { conversationId: conversation.id, payload: { secret: 'my words' } }))) ?? 0
    const messageId = await db.tx((trx) =>
      insertInbound(trx, db, {
        number: 'default',
        conversationId: conversation.id,
        type: 'text',
        text: 'my words',
        payload: {},
        providerId: 'p1',
        replyId: null,
        replyTo: null,
        menu: null,
        at: NOW,
        now: NOW,
      }),
    )
    await eraseContact(db, conversation.contact_id, STAFF, NOW)

    assert.equal((await messageById(db.read, messageId))?.text, null)
    assert.equal((await eventById(db.read, id))?.payload, null)
    assert.equal(await findContact(db.read, { phone: asha.phone }), null)
    assert.equal(await insertEvent(db.write, db, event('1')), null)
    assert.equal((await listMessages(db.read, conversation.id, { limit: 5 })).items.length, 1)
  })

  battery('a transaction that fails half-way leaves nothing, and the next one is durable', async (db) => {
    await assert.rejects(
      db.tx(async (trx) => {
        await insertEvent(trx, db, event('1'))
        throw new Error('half-way')
      }),
      /half-way/,
    )
    await db.tx((trx) => insertEvent(trx, db, event('2')))

    assert.equal((await listEvents(db.read, {}, { limit: 10 })).items.length, 1)
  })
}
