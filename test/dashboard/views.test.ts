import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import express from 'express'
import request from 'supertest'
import { waInteractive } from '../../lib/index'
import { testOptions, testPhone } from '../../lib/testing'
import { later } from '../support/later'

/** A folder of the host with these files. */
function folder(t: TestContext, files: Record<string, string>): string {
  const path = mkdtempSync(join(tmpdir(), 'wa-views-'))
  later(t, () => rmSync(path, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  return path
}

async function host(t: TestContext, dashboard: object) {
  const { control: _control, ...options } = testOptions()
  const wa = waInteractive({ ...options, authorize: () => ({ id: 'u', name: 'U', role: 'agent' as const }), dashboard })
  await wa.start()
  later(t, () => wa.close())
  await testPhone(wa, { name: 'Asha <b>' }).says('hi')
  const app = express().use(wa)
  return { get: (path: string, headers: Record<string, string> = {}) => request(app).get(`/wa${path}`).set(headers) }
}

test('a file of the host is drawn in place of ours of the same path, in pages and in regions, and may hold ours', async (t) => {
  const views = folder(t, {
    'layout.ejs': `<%- include('ours:layout', { ...locals, title: 'Ours, ' + locals.title }) %><footer><%= t('Menus') %> of the shop</footer>`,
    'conversations/_talks.ejs': `<ul><% for (const line of locals.lines) { %><li class="theirs"><%= line.person.name %><%- include('../message/_glyph', { name: 'talk' }) %></li><% } %></ul>`,
    '.gitkeep': '',
  })
  const [theirs, ours] = [await host(t, { views }), await host(t, {})]

  const page = (await theirs.get('/conversations').expect(200)).text
  const region = (await theirs.get('/conversations', { 'hx-request': 'true', 'hx-request-type': 'partial' }).expect(200)).text

  assert.match(page, /<title>Ours, Conversations &middot; wa-interactive<\/title>[\s\S]*<footer>Menus of the shop<\/footer>$/)
  for (const text of [page, region]) assert.match(text, /<li class="theirs">Asha &lt;b&gt;<svg class="glyph"/)
  assert.doesNotMatch(region, /footer/)
  assert.doesNotMatch((await ours.get('/conversations').expect(200)).text, /theirs|footer/)
})

test('a folder that is not there, a file that replaces nothing and one that is no EJS are told at start, all at once', (t) => {
  const views = folder(t, { '_talk.ejs': '', 'layout.html': '', 'overview/index.ejs': '<% if ( %>', 'nothing/like/it.ejs': '' })
  const start = (path: string) => () => waInteractive({ autoStart: false, dashboard: { views: path } })

  assert.throws(start('/nowhere/views'), { code: 'WA_OPTION_INVALID', message: /dashboard\.views is "\/nowhere\/views", which is no folder/ })
  assert.throws(start(views), (error: { code: string; faults: { message: string }[] }) => {
    const told = error.faults.map((fault) => fault.message)
    assert.equal(error.code, 'WA_OPTION_INVALID')
    assert.deepEqual(told.slice(0, 3), [
      '"_talk.ejs" in dashboard.views replaces no view of ours. Did you mean "conversations/_talk.ejs"?',
      '"layout.html" in dashboard.views replaces no view of ours. Did you mean "layout.ejs"?',
      '"nothing/like/it.ejs" in dashboard.views replaces no view of ours.',
    ])
    assert.match(told[3] ?? '', /^"overview\/index\.ejs" in dashboard\.views cannot be read as EJS: /)
    return told.length === 4
  })
})
