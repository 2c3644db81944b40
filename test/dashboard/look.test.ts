import assert from 'node:assert/strict'
import { test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { waInteractive } from '../../lib/index'
import { testOptions, testPhone } from '../../lib/testing'
import { engineOf } from '../support/wire-host'
import { host, wordsOf } from './host'

test('title, badge, logo, the way back, more links and links beside a customer are those of the host', async (t) => {
  const { control: _control, ...options } = testOptions()
  const wa = waInteractive({
    ...options,
    authorize: () => ({ id: 'u', name: 'U', role: 'agent' }),
    dashboard: {
      title: 'Shop & Co',
      badge: 'STAGING',
      logo: '/logo.svg',
      back: { words: 'To the shop', href: '/' },
      links: [{ words: 'Orders', href: 'https://shop.example/orders' }],
      contactLinks: ({ phone }) => [
        { words: 'Their orders', href: `/orders?phone=${encodeURIComponent(phone ?? '')}` },
        { words: 'never', href: 'javascript:alert(1)' },
      ],
    },
  })
  await wa.start()
  t.after(() => wa.close())
  await testPhone(wa, { phone: '+919800000001' }).says('hi')

  const { text } = await request(express().use(wa)).get('/wa/conversations/1').expect(200)

  assert.match(text, /<title>\[STAGING\] .* &middot; Shop &amp; Co<\/title>/)
  assert.match(text, /<img src="\/logo.svg"/)
  assert.match(text, /href="\/"[^>]*>[\s\S]{0,400}To the shop/)
  assert.match(text, /href="https:\/\/shop.example\/orders"/)
  assert.match(text, /href="\/orders\?phone=%2B919800000001"/)
  assert.doesNotMatch(text, /javascript:/)
})

test('the frame marks where one is, of the pages and of what stands below them', async (t) => {
  const { get } = await host(t)
  const marked = async (path: string): Promise<string[]> =>
    Array.from((await get(path).expect(200)).text.matchAll(/<a [^>]*href="([^"]*)"[^>]* aria-current="page"/g), ([, href]) => String(href))

  assert.deepEqual(await marked('/outbox'), ['/wa/outbox'])
  // Once in the side, once in the list that stands in its place on a phone.
  assert.deepEqual(await marked('/settings'), ['/wa/settings', '/wa/settings'])
  assert.deepEqual(await marked('/audit'), ['/wa/settings', '/wa/settings'])
  assert.deepEqual(await marked('/language'), ['/wa/language', '/wa/language'])
})

test('who is inside and meets a refusal keeps the pages around it', async (t) => {
  const { get } = await host(t)

  const { text } = await get('/menus/nothing-here').expect(404)

  assert.match(text, /<a href="\/wa\/menus" aria-current="page">/)
  assert.match(wordsOf(text), /404 No such menu There is no menu &#34;nothing-here&#34;/)
})

test('where the pages around a refusal cannot be asked for, it is told by itself', async (t) => {
  const { get, wa } = await host(t)
  await engineOf(wa).db.read.destroy()

  const { text } = await get('/nowhere').expect(404)

  assert.match(wordsOf(text), /404 No such thing here There is no such page here\. To the overview/)
  assert.doesNotMatch(text, /<nav/)
})

test('a link of the host that throws takes no page down', async (t) => {
  const { control: _control, ...options } = testOptions()
  const wa = waInteractive({
    ...options,
    authorize: () => ({ id: 'u', name: 'U', role: 'agent' }),
    dashboard: {
      contactLinks: () => {
        throw new Error('no database')
      },
    },
  })
  await wa.start()
  t.after(() => wa.close())
  await testPhone(wa).says('hi')

  await request(express().use(wa)).get('/wa/conversations/1').expect(200)
})

test('what cannot be an option of the dashboard is refused with every fault at once', () => {
  assert.throws(
    () => waInteractive({ autoStart: false, dashboard: { titel: 'x', logo: 'https://cdn.example/x.svg', back: { words: '', href: 'x' } } as object }),
    (error: { code: string; faults: { path: string }[] }) => {
      assert.equal(error.code, 'WA_OPTION_INVALID')
      assert.deepEqual(
        error.faults.map((fault) => fault.path),
        ['dashboard.titel', 'dashboard.logo', 'dashboard.back'],
      )
      return true
    },
  )
})
