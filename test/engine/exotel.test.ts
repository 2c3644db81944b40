import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { exotel } from 'wa-interactive'
import { testOptions } from 'wa-interactive/testing'
import { orderDesk } from '../../examples/order-desk/desk'
import { helpCenter, rating, trackLink } from '../../examples/order-desk/menus'
import { dlrBody, fakeExotel, inboundBody } from '../fakes/fake-exotel'

const ASHA = '+919876543210'
const page = (name: string): unknown => JSON.parse(readFileSync(join(__dirname, `../fixtures/source-page/${name}.json`), 'utf8'))

/** The order desk against a fake Exotel on loopback: real HTTP out, real HTTP in. */
async function desk() {
  const fake = await fakeExotel()
  const { control: _control, provider: _simulator, ...options } = testOptions()
  const wa = orderDesk({
    ...options,
    provider: exotel({
      accountSid: 'sid',
      apiKey: 'key',
      apiToken: 'token',
      from: '+919876500001',
      baseUrl: fake.url,
      webhookToken: 'a-long-webhook-token',
      perSecond: 1000,
    }),
  })
  await wa.start()
  const app = express().use(wa)
  const knock = (body: string) => request(app).post('/wa/webhook?token=a-long-webhook-token').set('Content-Type', 'application/json').send(body).expect(200)
  return {
    wa,
    fake,
    async comes(body: object | string, times = 2): Promise<void> {
      for (let time = 0; time < times; time++) await knock(typeof body === 'string' ? body : JSON.stringify(body))
      await wa.idle()
    },
    async [Symbol.asyncDispose]() {
      await wa.close()
      await fake.close()
    },
  }
}
const interactive = (content: unknown): unknown => (content as { interactive: unknown }).interactive

test('what leaves for Exotel equals the interactive objects of its page, field by field', async () => {
  await using host = await desk()

  await host.wa.send(ASHA, rating, { order: 'ORD-12345' })
  await host.wa.send(ASHA, helpCenter)
  await host.wa.send(ASHA, trackLink, { order: 'ORD-12345' })
  await host.wa.idle()

  assert.deepEqual(
    host.fake.taken.map((taken) => interactive(taken.content)),
    [page('buttons'), page('list'), page('cta-url')],
  )
})

test('the four-step talk with the callbacks of the page, each delivered twice', async () => {
  await using host = await desk()
  const said = (): string[] =>
    host.fake.taken.map(({ content }) => {
      const { text, interactive: sent } = content as { text?: { body: string }; interactive?: { body: { text: string } } }
      return text?.body ?? sent?.body.text ?? ''
    })

  await host.comes({ from: ASHA, type: 'text', text: { body: 'hello' } })
  await host.comes({
    from: ASHA,
    type: 'interactive',
    interactive: { type: 'list_reply', list_reply: { id: 'track_order', title: 'Track My Order', description: 'Get real-time delivery status' } },
  })
  await host.comes({ from: ASHA, type: 'text', text: { body: 'ORD-12345' } })
  await host.comes({ from: ASHA, type: 'interactive', interactive: { type: 'button_reply', button_reply: { id: 'done', title: 'No, thanks' } } })

  assert.deepEqual(said(), [
    'Welcome to our support center. Please select the topic you need help with:',
    'Please enter your order number.',
    'Order #ORD-12345 is out for delivery. ETA: 3 PM.\nNeed anything else?',
    'Thank you! Have a great day.',
  ])
})

test('delivery reports climb the ladder and a failure says in plain words what to do', async () => {
  await using host = await desk()
  const seen: string[] = []
  host.wa.on('status', ({ message }) => seen.push(message.error ? `${message.status}: ${message.error.advice.length > 0}` : message.status))
  const sent = await host.wa.send(ASHA, { text: 'hello' })
  await host.wa.idle()
  const [taken] = host.fake.taken
  assert.ok(taken)
  const report = (code: number, name: string) => dlrBody({ sid: taken.id, to: ASHA, code, name, ref: taken.ref, timestamp: '2026-11-20T10:15:30+05:30' })

  await host.comes(report(30003, 'EX_MESSAGE_SEEN'))
  await host.comes(report(30002, 'EX_MESSAGE_DELIVERED'))
  await host.comes(report(30001, 'EX_MESSAGE_SENT'))

  assert.equal((await host.wa.messages.get(sent.id))?.status, 'read')
  assert.deepEqual(seen, ['read', 'delivered', 'sent'])
})

test('a tap with its context knows the menu it was sent with', async () => {
  await using host = await desk()
  const menus: unknown[] = []
  host.wa.on('reply', ({ reply }) => menus.push(reply.menu && [reply.menu.key, reply.menu.variables]))
  await host.wa.send(ASHA, rating, { order: 'ORD-777' })
  await host.wa.idle()

  await host.comes(
    inboundBody({
      sid: 'in-1',
      from: '919876543210',
      timestamp: new Date().toISOString(),
      content: {
        type: 'interactive',
        context: { sid: host.fake.taken[0]?.id },
        interactive: { type: 'button_reply', button_reply: { id: 'rating_great', title: 'Great!' } },
      },
    }),
  )

  assert.deepEqual(menus, [['order-update', { order: 'ORD-777' }]])
})

test('an answer that never comes leaves the message uncertain, and its delivery report settles it', async () => {
  await using host = await desk()
  host.fake.next('drop')
  const sent = await host.wa.send(ASHA, { text: 'hello' })
  await host.wa.idle()
  assert.equal((await host.wa.messages.get(sent.id))?.status, 'uncertain')
  const [taken] = host.fake.taken
  assert.ok(taken, 'the provider had it')

  await host.comes(dlrBody({ sid: taken.id, to: ASHA, code: 30002, name: 'EX_MESSAGE_DELIVERED', ref: taken.ref, timestamp: '2026-11-20T10:15:30+05:30' }))

  assert.equal((await host.wa.messages.get(sent.id))?.status, 'delivered')
  assert.equal(host.fake.taken.length, 1)
})
