import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { buttons, waInteractive } from '../../lib/index'
import { testOptions } from '../../lib/testing'
import { engines, type TestEngine } from '../support/databases'
import { later } from '../support/later'
import { engineOf } from '../support/wire-host'
import { wordsOf } from './host'

const buttonsOf = [{ id: 'yes', title: 'Yes' }] as const
const declared = buttons('declared', { body: 'Sure?', buttons: buttonsOf, tags: ['Orders', 'orders '] })
const owned = buttons('owned', { body: 'Sure?', buttons: buttonsOf, owner: 'code' })
const KEY = 'a-long-key-of-this-test'

async function host(t: TestContext, engine: TestEngine) {
  const database = await engine.open()
  later(t, () => database.drop())
  const { control: _control, ...options } = testOptions()
  const wa = waInteractive({
    ...options,
    database: database.url,
    menus: [declared, owned],
    apiKeys: [{ name: 'shop', key: KEY, scope: 'admin' }],
    authorize: (req: { headers: Record<string, string> }) => ({ id: 'u1', name: 'Ravi', role: (req.headers['x-role'] ?? 'editor') as 'editor' }),
  })
  await wa.start()
  later(t, () => wa.close())
  const app = express().use(wa)
  const get = async (path: string) => (await request(app).get(`/wa${path}`).expect(200)).text
  const post = (path: string, fields: Record<string, string>) =>
    request(app).post(`/wa${path}`).set({ 'sec-fetch-site': 'same-origin' }).type('form').send(fields)
  const api = (method: 'get' | 'put', path: string) => request(app)[method](`/wa/api${path}`).set('Authorization', `Bearer ${KEY}`)
  const keys = async (path: string) => [...(await get(path)).matchAll(/id="menu-([\w-]+)"/g)].map(([, key]) => key)
  return { wa, app, get, post, api, keys }
}

for (const engine of engines()) {
  const battery = (title: string, body: (h: Awaited<ReturnType<typeof host>>) => Promise<void>): void => {
    test(`${engine.name}: ${title}`, { skip: engine.skip }, async (t) => body(await host(t, engine)))
  }

  battery('a menu is filed under words, found by them, and nothing about its words is changed', async (h) => {
    await h.post('/menus/declared/tags', { tags: ' Café , orders,ORDERS,, Diwali   2026 ' }).expect(303).expect('Location', '/wa/menus/declared')
    await h.post('/menus/owned/tags', { tags: 'cafe' }).expect(303)

    const page = await h.get('/menus/declared')
    assert.match(page, /href="\/wa\/menus\?tag=diwali\+2026">diwali 2026<\/a>/)
    assert.match(page, /name="tags" type="text" value="café, diwali 2026, orders"/)
    assert.match(wordsOf(page), /Live, version 1/)
    assert.match(await h.get('/menus/owned'), /href="\/wa\/menus\?tag=cafe"/)
    assert.deepEqual(await h.keys('/menus?tag=caf%C3%A9'), ['declared'])
    assert.deepEqual(await h.keys('/menus?tag=cafe'), ['owned'])
    assert.deepEqual(await h.keys('/menus?tag=order'), [])
    assert.deepEqual(await h.keys('/menus?q=diwali'), ['declared'])
    assert.match(await h.get('/menus?tag=orders'), /aria-current="true">orders <span/)
    assert.match(wordsOf(await h.get('/menus/declared/history')), /Ravi changed its tags[\s\S]*Tags Now “café, diwali 2026, orders”, before “orders”\./)
    const audits = (await engineOf(h.wa).db.read('wa_audit').where({ action: 'menu.tagged' }).orderBy('id').select('user_name', 'before', 'after')) as object[]
    assert.deepEqual(audits, [
      { user_name: 'code', before: '[]', after: '["orders"]' },
      { user_name: 'Ravi', before: '["orders"]', after: '["café","diwali 2026","orders"]' },
      { user_name: 'Ravi', before: '[]', after: '["cafe"]' },
    ])
  })

  battery('of several who change the same tags at once one does, and the others are told, with what they typed and what stands there now', async (h) => {
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => h.post('/menus/declared/tags', { seen: 'orders', tags: `mine ${n}` })))

    const refused = answers.filter(({ status }) => status === 412)
    assert.deepEqual(answers.map(({ status }) => status).sort(), [303, 412, 412, 412, 412])
    const [, theirs = ''] = /href="[^"]*\?tag=mine\+\d">(mine \d)<\/a>/.exec(await h.get('/menus/declared')) ?? []
    for (const { text } of refused) {
      assert.match(text, new RegExp(`name="seen" value="${theirs}"`))
      assert.match(text, /name="tags" type="text" value="mine \d"[^>]*aria-invalid="true"/)
      assert.ok(!text.includes(`name="tags" type="text" value="${theirs}"`))
    }
    await h.post('/menus/declared/tags', { seen: theirs, tags: 'after all' }).expect(303)
  })

  battery('too many, too long and unreadable tags are refused beside the field, and what was typed stays', async (h) => {
    for (const [tags, words] of [
      ['a,b,c,d,e,f,g,h,i', /These are 9 tags; a menu has at most 8/],
      ['x'.repeat(31), /has 31 characters; at most 30/],
      ['a\u0007b', /a sign that is not seen/],
    ] as const) {
      const { text } = await h.post('/menus/declared/tags', { tags }).expect(422)
      assert.match(text, words)
      assert.ok(text.includes(`value="${tags}"`))
    }
    assert.match(await h.get('/menus/declared'), /value="orders"/)
  })

  battery('tags travel with exports, imports, copies and the API; left out they stay, given they count', async (h) => {
    const exported = await h.get('/menus/declared/export')
    assert.deepEqual(JSON.parse(exported).tags, ['orders'])
    await h.post('/menus/_import', { text: exported, name: 'other' }).expect(303)
    await h.post('/menus/_new?from=declared', { name: 'third' }).expect(303)
    assert.deepEqual((await h.keys('/menus?tag=orders')).sort(), ['declared', 'other', 'third'])

    const { key: _key, tags: _tags, ...words } = JSON.parse(exported)
    const kept = await h
      .api('put', '/menus/other')
      .send({ ...words, body: 'Really?' })
      .expect(200)
    assert.deepEqual(kept.body.tags, ['orders'])
    assert.equal(kept.body.draft.tags, undefined)
    const filed = await h
      .api('put', '/menus/other')
      .send({ ...words, body: 'Really?', tags: ['B', 'a'] })
      .expect(200)
    assert.deepEqual(filed.body.tags, ['a', 'b'])
    assert.deepEqual(
      (await h.api('get', '/menus?tag=b').expect(200)).body.items.map((menu: { key: string }) => menu.key),
      ['other'],
    )
    assert.deepEqual(
      (
        await h
          .api('put', '/menus/other')
          .send({ ...words, tags: [] })
          .expect(200)
      ).body.tags,
      [],
    )
    const refused = await h
      .api('put', '/menus/other')
      .send({ ...words, tags: ['x'.repeat(31)] })
      .expect(422)
    assert.equal(refused.body.errors[0].path, 'tags')
  })
}
