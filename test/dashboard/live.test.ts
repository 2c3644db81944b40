import assert from 'node:assert/strict'
import { createServer, get as httpGet, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { waInteractive } from '../../lib/index'
import { testOptions } from '../../lib/testing'
import { later } from '../support/later'
import { looks } from '../support/looks'
import { engineOf } from '../support/wire-host'
import { host } from './host'

/** Address of the stream that a page opens. */
const streamIn = (html: string): string => /hx-sse:connect="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
const CHANGED = /event: changed\nid: ([\d.]+)\ndata: [\d.]+\n\n/

/** A page's stream, over a real socket. */
async function listen(t: TestContext, app: unknown, path: string, headers: Record<string, string> = {}) {
  const server = createServer(app as never)
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  later(t, () => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const response = await new Promise<IncomingMessage>((resolve, reject) => httpGet({ port, host: '127.0.0.1', path, headers }, resolve).on('error', reject))
  let text = ''
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return {
    headers: response.headers,
    /** Everything so far, once it matches. */
    async until(pattern: RegExp): Promise<string> {
      while (!pattern.test(text)) await new Promise((resolve) => response.once('data', resolve))
      return text
    },
    told: () => text.split('event: changed').length - 1,
  }
}

test('an open page is told within moments that something changed, and nothing about what', async (t) => {
  const { app, phone, get } = await host(t)
  const asha = phone()
  await asha.says('hi')
  const stream = await listen(t, app, streamIn((await get('/conversations/1')).text))

  await asha.says('secret words')
  const told = await stream.until(CHANGED)

  assert.equal(stream.headers['content-type'], 'text/event-stream; charset=utf-8')
  assert.match(String(stream.headers['cache-control']), /no-transform/)
  assert.equal(stream.headers['x-accel-buffering'], 'no')
  assert.doesNotMatch(told, /secret/)
  assert.match(told, /^event: beat\n\n/)
})

test('at midnight, where the display zone has it, pages are told: what was today is yesterday', async (t) => {
  const { app, get, wa, control, phone } = await host(t, { dashboard: { timeZone: 'Asia/Kolkata' } })
  phone()
  const stream = await listen(t, app, streamIn((await get('/events')).text))
  await looks(wa, 2)
  assert.equal(stream.told(), 0)

  await control.clock.advance(24 * 3_600_000)

  await stream.until(CHANGED)
})

for (const path of ['/', '/conversations', '/conversations/1', '/outbox', '/events', '/phone']) {
  test(`${path} is told nothing while nothing happens, and once what happened before its stream was open`, async (t) => {
    const { app, phone, get, wa } = await host(t)
    const asha = phone({ phone: '+919800000001' })
    await asha.says('hi')
    await wa.idle()
    const quiet = await listen(t, app, streamIn((await get(path)).text))
    const address = streamIn((await get(path)).text)

    await looks(wa, 3)
    assert.equal(quiet.told(), 0)

    await asha.says('more')
    await wa.idle()
    await (await listen(t, app, address)).until(CHANGED)
  })
}

test('a stream that comes back is told what it missed, and nothing when it missed nothing', async (t) => {
  const { app, phone, get, wa } = await host(t)
  const asha = phone()
  await asha.says('hi')
  const address = streamIn((await get('/conversations')).text)
  const first = await listen(t, app, address)
  await asha.says('more')
  await wa.idle()
  await looks(wa, 2)
  const id = [...(await first.until(CHANGED)).matchAll(/id: ([\d.]+)/g)].at(-1)?.[1] ?? ''

  const again = await listen(t, app, address, { 'last-event-id': id })
  await looks(wa, 3)
  assert.equal(again.told(), 0)

  await asha.says('once more')
  await wa.idle()
  await (await listen(t, app, address, { 'last-event-id': id })).until(CHANGED)
})

test('one change is told once', async (t) => {
  const { app, get, wa } = await host(t)
  await wa.send('+919800000001', { text: 'hi' })
  await wa.idle()
  const stream = await listen(t, app, streamIn((await get('/conversations')).text))
  await looks(wa, 2)

  await engineOf(wa).setMode('1', 'person', { id: 'u', name: 'U' })
  await wa.idle()
  await stream.until(CHANGED)
  await looks(wa, 3)

  assert.equal(stream.told(), 1)
})

const withLive = async (t: TestContext, live: unknown) => {
  const { control: _control, ...options } = testOptions()
  const wa = waInteractive({ ...options, authorize: () => ({ id: 'u', name: 'U', role: 'admin' as const }), dashboard: { live: live as never } })
  await wa.start()
  later(t, () => wa.close())
  return request(express().use(wa))
}

test('live: { intervalMs } makes pages ask, false leaves them as they are; both have no stream', async (t) => {
  const asking = await withLive(t, { intervalMs: 2000 })
  const still = await withLive(t, false)

  for (const path of ['/', '/conversations', '/outbox', '/events', '/phone', '/insight']) {
    const [asks, stays] = [(await asking.get(`/wa${path}`).expect(200)).text, (await still.get(`/wa${path}`).expect(200)).text]
    assert.doesNotMatch(asks + stays, /hx-sse:connect/, path)
    if (path !== '/insight') assert.match(asks, /hx-trigger="changed from:document, every 2000ms/, path)
    assert.doesNotMatch(stays, /every \d/, path)
  }
  await asking.get('/wa/live').expect(404)
  await still.get('/wa/live').expect(404)
})

test('a wrong live is refused by name, with what it must be', () => {
  const { control: _control, ...options } = testOptions()
  for (const live of [null, 1999, 'no', {}, { intervalMs: 1999 }, { intervalMs: 2000.5 }, { intervalMs: 4_000_000 }, { intervalMs: 5000, extra: 1 }])
    assert.throws(
      () => waInteractive({ ...options, dashboard: { live: live as never } }),
      /dashboard\.live is .*; it must be true, false, or \{ intervalMs \} with a whole number from 2000 to 3600000/,
      JSON.stringify(live),
    )
})
