import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Flow } from '../../lib/flows/types'
import { buttons, flow, waInteractive } from '../../lib/index'
import type { MenuSpec } from '../../lib/model/menu'
import { saveDraft } from '../../lib/store/menus'
import { testOptions, testPhone } from '../../lib/testing'
import { engineOf } from '../reliability/rig/engine'

/** Steps that only go on would never give way to anything else in this process: more of them than this end the test. */
const MANY = 500

test('a flow that goes round in circles, within itself or by way of another, stops after 30 steps and says so; others go on', async () => {
  const { control: _control, ...options } = testOptions()
  const counts = { around: 0, ping: 0, pong: 0 }
  const count = (name: keyof typeof counts): void => {
    if (++counts[name] > MANY) throw new Error(`${name} was taken ${MANY} times`)
  }
  const around = flow('around', {
    start: ({ go }) => {
      count('around')
      return go('back')
    },
    back: ({ go }) => {
      count('around')
      return go('start')
    },
  })
  // Each starts the other.
  const ping: Flow = flow('ping', {
    start: ({ start }) => {
      count('ping')
      return start(pong)
    },
  })
  const pong: Flow = flow('pong', {
    start: ({ start }) => {
      count('pong')
      return start(ping)
    },
  })
  await using wa = waInteractive({ flows: [around, ping, pong], ...options })
  wa.on('text', { attempts: 1 }, async ({ text, start, say }) => {
    if (text === 'around') await start(around)
    else if (text === 'ping') await start(ping)
    else await say('hello')
  })
  const [asha, ravi] = [testPhone(wa, { phone: '+919800000001' }), testPhone(wa, { phone: '+919800000002' })]

  await asha.says('around')
  await asha.says('ping')
  await ravi.says('hi')

  assert.deepEqual(counts, { around: 30, ping: 15, pong: 15 })
  const events = await engineOf(wa).db.read('wa_events').where({ type: 'text' }).orderBy('id').select('state', 'error')
  assert.deepEqual(
    events.map(({ state }) => state),
    ['needs_attention', 'needs_attention', 'done'],
  )
  assert.match(events[0].error, /Flow "around" took 30 steps without waiting for the customer: a loop/)
  assert.match(events[1].error, /took 30 steps without waiting for the customer: a loop/)
  assert.equal(asha.screen().length, 0)
  assert.equal(ravi.last().text, 'hello')
})

test('a menu that is edited while a customer has it open: the tap is heard with the version and the words that were sent', async () => {
  const { control: _control, ...options } = testOptions()
  const size = buttons('size', {
    body: 'Which size for {{order}}?',
    buttons: [
      { id: 'small', title: 'Small' },
      { id: 'large', title: 'Large' },
    ],
  })
  await using wa = waInteractive({ menus: [size], ...options })
  const heard: unknown[] = []
  const tell = ({ reply }: { reply: { id: string; title: string; menu: { version: number; variables: object } | null } }): void => {
    heard.push([reply.id, reply.title, reply.menu?.version, reply.menu?.variables])
  }
  wa.onReplyTo(size, { small: tell, large: tell } as never)
  const phone = testPhone(wa, { phone: '+919800000001' })
  const MEERA = { id: 'u1', name: 'Meera' }
  const edit = async (buttons: object[]): Promise<void> => {
    const { db } = engineOf(wa)
    await saveDraft(db, { key: 'size', type: 'button', body: 'Size of {{order}}, please?', buttons } as MenuSpec, MEERA, null, Date.now())
    await engineOf(wa).publish('size', MEERA, { force: true })
  }

  await wa.send('+919800000001', size, { order: 'ORD-1' })
  await edit([{ id: 'small', title: 'Tiny' }])
  // One whose words changed, and one that is gone from the menu of today.
  await phone.taps('small')
  await phone.taps('large')
  await wa.send('+919800000001', size, { order: 'ORD-2' })
  await phone.taps('Tiny')

  assert.deepEqual(heard, [
    ['small', 'Small', 1, { order: 'ORD-1' }],
    ['large', 'Large', 1, { order: 'ORD-1' }],
    ['small', 'Tiny', 2, { order: 'ORD-2' }],
  ])
  assert.deepEqual(
    phone.screen().map(({ text }) => text),
    ['Which size for ORD-1?', 'Size of ORD-2, please?'],
  )
})
