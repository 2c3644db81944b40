import assert from 'node:assert/strict'
import type { Who } from '../../lib/model/event'
import { type Placed, storeArrivals, writeArrival } from '../../lib/store/arrivals'
import { type Chosen, claimEvents } from '../../lib/store/claims'
import { ensureContact } from '../../lib/store/contacts'
import { type ConversationRow, conversationById, ensureConversation, type Step, setMode, setStep, touchConversation } from '../../lib/store/conversations'
import type { Db } from '../../lib/store/database'
import { endTogether } from '../../lib/store/endings'
import { eventById, insertEvent, tieEvent } from '../../lib/store/events'
import { dueEvents, type Fresh, waitingHead } from '../../lib/store/heads'
import { historyOf } from '../../lib/store/history'
import { insertInbound, insertOutbound, messageById } from '../../lib/store/messages'
import { finishEvent } from '../../lib/store/queue'
import { hashOf } from '../../lib/store/rows'
import { type Run, runsOf } from '../../lib/store/runs'
import { type Saying, sayAtOnce } from '../../lib/store/sayings'
import { batteryOn } from '../support/battery'
import { engines } from '../support/databases'

const NOW = 1_795_150_000_000
const DAY_MS = 86_400_000
const asha: Who = { phone: '+919812345678', bsuid: null, username: null, name: 'Asha' }
const asked: Step = {
  ...{ flow: '', name: 'order_number', since: NOW, data: {}, messageId: null, ids: [], steps: null, pattern: null },
  ...{ retry: null, expiresAt: null },
}
const heard: Chosen = {
  runs: [
    { listener: 'on:text', snapshot: null },
    { listener: "answer:o'clock", snapshot: asked },
  ],
  leavesStep: true,
}

const happening = { number: 'default', type: 'menu_published', payload: { a: 1 }, raw: null, state: 'waiting', at: NOW, now: NOW } as const

const arrivalOf = (db: Db, text: string, conversationId: number): Placed => {
  const event = { dedupe: hashOf(text), number: 'default', type: 'text', state: 'waiting' as const, payload: null, raw: '{}', error: null, at: NOW }
  const message = { who: asha, text, payload: {}, providerId: null, replyId: null, replyTo: null, quoted: null, words: text, isTurn: true }
  return { ...writeArrival(db, { ...event, providerKey: null, ref: null, message }), conversationId }
}

/** What the hot path of a tap does with few statements: on every engine it must do what many would. */
for (const engine of engines()) {
  const battery = batteryOn(engine)
  const word = async (db: Db, text: string): Promise<{ eventId: number; conversation: ConversationRow }> =>
    db.tx(async (trx) => {
      const contact = await ensureContact(trx, db, asha, NOW)
      const conversation = await ensureConversation(trx, db, 'default', contact.id, NOW)
      const base = { number: 'default', type: 'text', payload: null, at: NOW, now: NOW }
      const eventId = await insertEvent(trx, db, { ...base, dedupe: hashOf(text), raw: '{}', state: 'waiting', conversationId: conversation.id })
      const said = { ...base, text, providerId: null, replyId: null, replyTo: null, menu: null }
      const messageId = await insertInbound(trx, db, { ...said, conversationId: conversation.id })
      await tieEvent(trx, eventId as number, { conversation_id: conversation.id, message_id: messageId })
      await touchConversation(trx, conversation, { id: messageId, direction: 'in', text, at: NOW }, NOW, NOW)
      return { eventId: eventId as number, conversation }
    })
  const claim = (db: Db, choose: (fresh: Fresh) => Promise<Chosen | null> = async () => heard) =>
    claimEvents(db, { limit: 10, token: 'mine', now: NOW, leaseMs: 60_000, idle: true }, choose)

  battery('a fresh message is taken with all that is known of it, and with those who hear it', async (db) => {
    const { eventId, conversation } = await word(db, 'hello')
    await setStep(db.write, conversation.id, asked, NOW)
    const seen: Fresh[] = []

    const { taken, missed } = await claim(db, async (fresh) => {
      seen.push(fresh)
      return heard
    })

    assert.deepEqual(
      seen.map(({ message, contact, conversation: place }) => [message.text, contact.name, place.step]),
      [['hello', 'Asha', asked]],
    )
    assert.deepEqual([taken.length, taken[0]?.begun?.runs.map(({ listener }) => listener), missed], [1, ['on:text', "answer:o'clock"], false])
    const event = await eventById(db.write, eventId)
    assert.deepEqual([event?.state, event?.attempts, event?.planned, event?.lease_token, event?.next_at], ['running', 1, 1, 'mine', NOW])
    assert.deepEqual(taken[0]?.event, event)
    assert.deepEqual(
      (await runsOf(db.write, eventId)).map(({ listener, position, state, snapshot }) => ({ listener, position, state, snapshot })),
      heard.runs.map((run, position) => ({ ...run, position, state: 'waiting' })),
    )
    assert.equal((await conversationById(db.write, conversation.id))?.step, null)
  })

  if (engine.name !== 'mysql')
    battery('what is stored is seen with it as the inbox would find it, and a double of what is done is not', async (db) => {
      const { conversation } = await word(db, 'before')
      await db.write('wa_events').update({ state: 'done', next_at: null })
      const arrivals = ['fresh', 'before'].map((text) => arrivalOf(db, text, conversation.id))

      const seen = (await storeArrivals(db, arrivals, NOW, true)).flatMap((head) => waitingHead(head) ?? [])

      const due = await dueEvents(db, NOW, 10)
      assert.deepEqual([due.length, due[0]?.fresh?.message.text], [1, 'fresh'])
      // PostgreSQL's statement does not see what it stores: there everything is looked for.
      assert.deepEqual(seen, engine.name === 'sqlite' ? due : [])
    })

  for (const [what, move] of [
    ['a question was asked', (db: Db, id: number) => setStep(db.write, id, asked, NOW)],
    ['a person took over', (db: Db, id: number) => setMode(db.write, id, 'person', 'Meera', NOW)],
  ] as const)
    battery(`a message is not taken when ${what} while its listeners were chosen; it is missed`, async (db) => {
      const { eventId, conversation } = await word(db, 'hello')

      const { taken, missed } = await claim(db, async () => {
        await move(db, conversation.id)
        return heard
      })

      assert.deepEqual([taken, missed], [[], true])
      assert.deepEqual([(await eventById(db.write, eventId))?.state, await runsOf(db.write, eventId)], ['waiting', []])
    })

  battery('what is told of twice is taken once', async (db) => {
    const id = await insertEvent(db.write, db, { ...happening, dedupe: hashOf('news') })
    const [head] = await dueEvents(db, NOW, 10)
    assert.ok(head)
    const how = { limit: 10, token: 'mine', now: NOW, leaseMs: 60_000, idle: true, known: [head, head] }

    const { taken } = await claimEvents(db, how, async () => null)

    assert.deepEqual(
      taken.map(({ event }) => event.id),
      [id],
    )
  })

  battery('what was taken meanwhile by another instance is not taken twice', async (db) => {
    await word(db, 'hello')

    const { taken, missed } = await claim(db, async () => {
      await claimEvents(db, { limit: 10, token: 'theirs', now: NOW, leaseMs: 60_000, idle: true }, async () => heard)
      return heard
    })

    assert.deepEqual([taken, missed], [[], true])
  })

  battery('while a message that stepped aside is taken, a later word of its customer is not', async (db) => {
    const { eventId } = await word(db, 'first')
    await db.write('wa_events').where({ id: eventId }).update({ late: 1 })
    const { eventId: second } = await word(db, 'second')
    // Both may run: the later one is looked at, and then the earlier is taken by another instance.
    await db
      .write('wa_events')
      .where({ id: eventId })
      .update({ state: 'retrying', next_at: NOW + 1000 })

    const { taken } = await claim(db, async () => {
      await db.write('wa_events').where({ id: eventId }).update({ next_at: NOW })
      const theirs = await claimEvents(db, { limit: 1, token: 'theirs', now: NOW, leaseMs: 60_000, idle: true }, async () => null)
      assert.deepEqual(
        theirs.taken.map(({ event }) => event.id),
        [eventId],
      )
      return heard
    })

    assert.deepEqual(taken, [])
    assert.equal((await eventById(db.write, second))?.state, 'waiting')
  })

  battery('a message whose listeners are not to be chosen here is taken all the same', async (db) => {
    const { eventId } = await word(db, 'hello')

    const { taken } = await claim(db, async () => null)

    assert.deepEqual([taken[0]?.event.id, taken[0]?.event.planned, taken[0]?.begun], [eventId, 0, null])
  })

  battery('attempts that ended are written down together, each with its last listener; one that lost its lease is not', async (db) => {
    const { eventId } = await word(db, 'hello')
    const [mine] = (await claim(db)).taken
    const other = await insertEvent(db.write, db, { ...happening, dedupe: hashOf('other') })
    const [lost] = (await claim(db)).taken
    assert.ok(mine?.begun && lost && other)
    const run: Run = { ...(mine.begun.runs[1] as Run), state: 'done', attempts: 1 }

    const ended = await endTogether(
      db,
      [
        { event: mine.event, state: 'done', run },
        { event: { ...lost.event, lease_token: 'old' }, state: 'unhandled', run: null },
      ],
      NOW,
    )

    assert.deepEqual(ended, [true, false])
    const event = await eventById(db.write, eventId)
    assert.deepEqual([event?.state, event?.finished_at, event?.next_at, event?.lease_token, event?.lease_until], ['done', NOW, null, null, null])
    assert.deepEqual(
      (await runsOf(db.write, eventId)).map(({ state, attempts, finished_at }) => [state, attempts, finished_at]),
      [
        ['waiting', 0, null],
        ['done', 1, NOW],
      ],
    )
    assert.equal((await eventById(db.write, other))?.state, 'running')
    assert.deepEqual(await endTogether(db, [{ event: lost.event, state: 'unhandled', run: null }], NOW), [true])
    assert.deepEqual(await endTogether(db, [{ event: mine.event, state: 'done', run }], NOW), [false])
  })

  const saying = async (db: Db, text: string, over: Partial<Saying> = {}): Promise<Saying> => {
    const { eventId, conversation } = await word(db, `${text}?`)
    const { taken } = await claim(db)
    const attempt = taken.find(({ event }) => event.id === eventId)
    assert.ok(attempt)
    return {
      ...{ event: attempt.event, conversationId: conversation.id, contactId: conversation.contact_id, number: 'default' },
      ...{ type: 'text', json: JSON.stringify({ type: 'text', text: { body: text } }), text, menu: { key: 'hi', version: 2, variables: { a: 1 } } },
      ...{ replyTo: null, meta: { order: '7' }, sentBy: null, idempotencyKey: hashOf(text), fingerprint: hashOf('f'), expiresAt: NOW + DAY_MS, now: NOW },
      ...{ heardAfter: NOW - DAY_MS, most: { count: 3, until: NOW - 3_600_000 }, step: null, leaving: { token: 'leaves', ms: 60_000 } },
      ...over,
    }
  }
  // MariaDB has no statement that writes several tables: there `enqueue` says everything.
  const whereAtOnce: typeof battery = engine.name === 'mysql' ? () => {} : battery

  whereAtOnce('what a listener says leaves with the commit that writes it down, and the customer stands where they were asked', async (db) => {
    const { messageId: _none, ...step } = asked
    const one = await saying(db, 'Order number?', { step })

    const said = await sayAtOnce(db, one)

    assert.ok(said?.leaves)
    assert.deepEqual([said.to, said.lastInboundAt, said.quoted], [{ phone: asha.phone, bsuid: null }, NOW, null])
    const row = await messageById(db.write, said.id)
    assert.deepEqual(
      [row?.status, row?.attempts, row?.lease_token, row?.ref, row?.next_at, row?.payload, row?.variables, row?.meta],
      ['sending', 1, 'leaves', said.ref, NOW, JSON.parse(one.json), { a: 1 }, { order: '7' }],
    )
    assert.deepEqual(
      (await historyOf(db.write, said.id)).map(({ status }) => status),
      ['queued', 'sending'],
    )
    const place = await conversationById(db.write, one.conversationId)
    assert.deepEqual(
      [place?.last_message_id, place?.last_text, place?.last_direction, place?.step],
      [said.id, 'Order number?', 'out', { ...step, messageId: said.id }],
    )
  })

  whereAtOnce('behind a message that has not left it waits, and without a lease too', async (db) => {
    const first = await sayAtOnce(db, await saying(db, 'first'))
    const behind = await sayAtOnce(db, await again(db, 'second'))
    await db.write('wa_messages').update({ next_at: null })
    const waits = await sayAtOnce(db, { ...(await again(db, 'third')), leaving: null })

    assert.deepEqual([first?.leaves, behind?.leaves, waits?.leaves], [true, false, false])
    const row = await messageById(db.write, behind?.id ?? 0)
    assert.deepEqual([row?.status, row?.attempts, row?.lease_token, row?.lease_until], ['queued', 0, null, null])
  })
  /** The next word of the same customer, once what runs has ended. */
  const again = async (db: Db, text: string): Promise<Saying> => {
    const running = await db.write('wa_events').where({ state: 'running' }).select('id')
    for (const { id } of running) {
      const event = await eventById(db.write, Number(id))
      if (event) await finishEvent(db.write, event, { state: 'done' }, NOW)
    }
    return saying(db, text)
  }

  for (const [what, change] of [
    ['another attempt has begun', (one: Saying) => ({ ...one, event: { ...one.event, lease_token: 'old' } })],
    ['the customer moved to another conversation', (one: Saying) => ({ ...one, contactId: one.contactId + 1 })],
    ['the window has closed', (one: Saying) => ({ ...one, heardAfter: NOW })],
    ['enough was said within the hour', (one: Saying) => ({ ...one, most: { count: 1, until: NOW - 1 } })],
    ['it was said before', (one: Saying) => ({ ...one, idempotencyKey: hashOf('said') })],
  ] as const)
    whereAtOnce(`nothing is written when ${what}`, async (db) => {
      await sayAtOnce(db, await saying(db, 'said'))
      const one = await again(db, 'more')
      const before = await db.write('wa_messages').count({ n: '*' })

      assert.equal(await sayAtOnce(db, change(one)), null)
      assert.deepEqual(await db.write('wa_messages').count({ n: '*' }), before)
      assert.ok(await sayAtOnce(db, one))
    })

  if (engine.name === 'postgres')
    battery('words that others said while it waited for the conversation are not overlooked', async (db) => {
      const one = await saying(db, 'mine')
      const place = await conversationById(db.write, one.conversationId)
      assert.ok(place)
      let said: ReturnType<typeof sayAtOnce> = Promise.resolve(null)

      await db.tx(async (trx) => {
        const id = await insertOutbound(trx, db, { ...one, text: 'theirs', idempotencyKey: hashOf('theirs') })
        await touchConversation(trx, place, { id: id as number, direction: 'out', text: 'theirs', at: NOW }, null, NOW)
        said = sayAtOnce(db, one)
        const isWaited = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        while ((await db.read.raw(isWaited)).rows.length === 0) await new Promise((wake) => setTimeout(wake, 5))
      })

      assert.equal(await said, null)
      assert.equal((await sayAtOnce(db, one))?.leaves, false)
    })
}
