import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import express from 'express'
import type { Page } from 'playwright-core'
import request from 'supertest'
import { waInteractive } from '../../lib/index'
import { knockOf, says, statusKnock } from '../../lib/providers/simulated'
import type { Content } from '../../lib/providers/wire'
import { testOptions } from '../../lib/testing'
import { HOSTILE } from '../support/hostile'
import { browser, later, listen, open } from '../support/page'
import { engineOf } from '../support/wire-host'

const started = browser()
const KEY = 'a-long-key-of-this-test'
/** Short enough for the title of an option. */
const SHORT = '<b id=canary>x</b>'
const OF_A_KIND = 8
/** The n-th of them, round and round. */
const hostile = (n: number): string => HOSTILE[n % HOSTILE.length] ?? ''
/** What a draft may hold: a stray brace would be no more than a fault of the menu. */
const publishable = HOSTILE.filter((words) => !words.includes('{{'))

/** A host whose customers, menus, code and provider all mean harm. */
async function host(t: TestContext) {
  const { control: _control, ...options } = testOptions()
  const wa = waInteractive({
    ...options,
    authorize: () => ({ id: hostile(0), name: hostile(0), role: 'admin' as const }),
    apiKeys: [{ name: hostile(1), key: KEY, scope: 'admin' }],
    dashboard: {
      title: hostile(36),
      badge: hostile(37),
      links: [{ words: hostile(4), href: '/orders?"onclick="canary()' }],
      contactLinks: ({ name }) => [
        { words: name ?? '', href: `/orders?of=${name}` },
        { words: name ?? '', href: name ?? '' },
      ],
    },
  })
  wa.onReply(hostile(5) as never, () => Promise.reject(new Error(hostile(6))))
  wa.on('text', { name: hostile(7) }, ({ text }) => (text === 'fail' ? Promise.reject(new Error(hostile(4))) : undefined))
  wa.on('location', ({ handOver }) => handOver({ to: hostile(9), note: hostile(10) }))
  wa.on('contacts', ({ ask }) => ask(hostile(11), hostile(12)))
  wa.on('text', { name: 'answers' }, ({ text, say }) => (text === 'echo' ? say(hostile(13)) : undefined))
  await wa.start()
  later(t, () => wa.close())
  const engine = engineOf(wa)
  const app = express().use(wa)

  const write = async (n: number, content: Content, id = `in.${n}.${Math.random()}`): Promise<void> => {
    const from = { phone: `+9198000${String(n).padStart(5, '0')}`, name: hostile(n), username: hostile(n + 1), bsuid: null }
    assert.equal((await engine.knock('default', knockOf({ from, at: engine.now(), id, content }))).status, 200)
  }
  const well = ({ status, text }: { status: number; text: string }): void => assert.ok(status < 300, text)
  const authorization = `Bearer ${KEY}`
  const draft = async (key: string, menu: object): Promise<void> =>
    well(
      await request(app)
        .put(`/wa/api/menus/${key}`)
        .set({ authorization })
        .send({ key, ...menu }),
    )
  const publish = async (key: string, menu: object): Promise<void> => {
    await draft(key, menu)
    well(await request(app).post(`/wa/api/menus/${key}/publish`).set({ authorization }))
  }
  return { wa, app, engine, write, draft, publish }
}

const row = (n: number) => ({ id: `${n} ${hostile(n)}`, title: hostile(n), description: hostile(n + 1) })

/** Every kind of message, menu and trouble that a page can show, each in hostile words. */
async function fill({ wa, engine, write, draft, publish }: Awaited<ReturnType<typeof host>>): Promise<void> {
  for (const [n, words] of HOSTILE.entries()) await write(n, says(words))

  // Customer 0 sends everything else.
  const contents: Content[] = [
    { type: 'interactive', interactive: { type: 'button_reply', button_reply: { id: hostile(5), title: hostile(4) } } },
    { type: 'interactive', interactive: { type: 'list_reply', list_reply: { id: hostile(8), title: hostile(9), description: hostile(10) } } },
    {
      type: 'interactive',
      interactive: { type: 'nfm_reply', nfm_reply: { name: hostile(2), body: 'x', response_json: JSON.stringify({ [hostile(3)]: hostile(4) }) } },
    },
    { type: 'button', button: { payload: hostile(11), text: hostile(12) } },
    { type: 'image', image: { id: hostile(4), mime_type: 'image/jpeg', caption: hostile(5), link: 'https://canary.example/a.jpg?"><img src=x>' } },
    { type: 'document', document: { id: hostile(33), mime_type: hostile(4), filename: hostile(4), caption: hostile(6) } },
    { type: 'video', video: { id: hostile(5), mime_type: 'video/mp4', caption: hostile(19) } },
    { type: 'audio', audio: { id: hostile(20), mime_type: 'audio/ogg' } },
    { type: 'sticker', sticker: { id: hostile(6), mime_type: 'image/webp' } },
    { type: 'reaction', reaction: { message_id: 'in.0', emoji: hostile(26) } },
    { type: 'order', order: { text: hostile(24), catalog_id: hostile(1), product_items: [] } },
    { type: hostile(1), [hostile(1)]: { body: hostile(1) } },
    { type: 'unsupported', errors: [{ code: 131051, title: hostile(2), error_data: { details: hostile(3) } }] },
    { type: 'system', system: { type: 'user_changed_number', body: hostile(4) } },
    says('fail'),
    says('echo'),
    { type: 'contacts', contacts: [{ name: { formatted_name: hostile(21), first_name: hostile(22) }, phones: [] }] },
    { type: 'location', location: { latitude: 1, longitude: 2, name: hostile(27), address: hostile(28) } },
  ]
  for (const content of contents) await write(0, content)
  await wa.contacts.set('+919800000000', { externalId: hostile(14), language: hostile(15).slice(0, 15), attributes: { [hostile(16)]: hostile(17) } })
  await engine.settle()

  // Drafts may be longer than WhatsApp takes, so every one of them is somebody's title.
  for (let at = 0; at < HOSTILE.length; at += 10)
    await draft(`list-${at}`, {
      type: 'list',
      tags: [SHORT, '"onfocus=canary() x="'],
      header: { type: 'text', text: hostile(at) },
      body: hostile(at + 1),
      footer: hostile(at + 2),
      button: hostile(at + 3),
      variables: { name: { sample: hostile(at + 4), default: hostile(at + 5) } },
      sections: [{ title: hostile(at + 6), rows: Array.from({ length: 10 }, (_, n) => row(at + n)) }],
    })
  await draft('file', {
    type: 'button',
    header: { type: 'document', link: 'https://canary.example/"><img src=x onerror=canary()>', filename: hostile(4) },
    body: 'x',
    buttons: [{ id: 'x', title: hostile(7) }],
  })
  await draft('link', { type: 'cta_url', body: 'x', buttons: [{ title: hostile(40), url: 'javascript:canary()' }] })
  await draft('approved', { type: 'template', template: { name: hostile(1), language: hostile(2), components: [{ x: hostile(3) }] } })

  const send = wa.send as (to: string, menu: string, variables: object) => Promise<unknown>
  // Two versions that differ, live, and sent to somebody: once with hostile values, once to a provider that answers in kind.
  const sent = (words: readonly string[]) => ({
    type: 'button',
    header: { type: 'text', text: SHORT },
    body: `{{name}}\n${words.join('\n').slice(0, 900)}`,
    footer: SHORT,
    buttons: [{ id: `${SHORT}" hx-get="/canary`, title: SHORT }],
    variables: { name: { default: hostile(4), sample: hostile(5) } },
  })
  await publish('sent', sent(publishable.slice(0, 20)))
  await publish('sent', sent(publishable.slice(20, 40)))
  await draft('sent', sent(publishable.slice(40)))
  for (const words of publishable.slice(0, 20)) await send('+919800000001', 'sent', { name: words.slice(0, 80) })
  await engine.settle()
  const { items } = await engineSent(engine)
  for (const [n, message] of items.slice(0, 10).entries()) {
    const knock = statusKnock({ id: message.providerId, status: 'failed', to: { phone: '+919800000001' }, at: engine.now(), code: 131000 })
    const body = JSON.parse(String(knock.body))
    body.entry[0].changes[0].value.statuses[0].errors = [
      { code: 999_000 + n, title: hostile(n), message: hostile(n), error_data: { details: hostile(n + 10) } },
    ]
    await engine.knock('default', { ...knock, body: Buffer.from(JSON.stringify(body)) })
  }
  await engine.knock('default', { ...knockOf({ from: { phone: null }, at: 0, id: 'x', content: says('x') }), body: Buffer.from(hostile(3)) })
  await engine.settle()
}

/** Our messages, with the ids under which the provider knows them. */
async function engineSent(engine: ReturnType<typeof engineOf>): Promise<{ items: { providerId: string }[] }> {
  const rows = (await engine.db.read('wa_messages').where({ direction: 'out' }).whereNotNull('provider_id').select('provider_id')) as { provider_id: string }[]
  return { items: rows.map((found) => ({ providerId: found.provider_id })) }
}

/** What strangers' words have made of the page: nothing, when it is well. */
const TRACES = `(() => {
  const ours = new Set(['hx-get', 'hx-post', 'hx-trigger', 'hx-target', 'hx-swap', 'hx-sync', 'hx-disable', 'hx-include', 'hx-push-url', 'hx-morph-skip', 'hx-sse:connect', 'hx-status:422', 'hx-preserve', 'hx-select'])
  const found = []
  for (const one of document.querySelectorAll('*')) {
    const named = '<' + one.localName + '> '
    if (['script', 'iframe', 'object', 'embed', 'base', 'marquee', 'style', 'template', 'math', 'audio', 'video', 'animate', 'use', 'hx-partial'].includes(one.localName) && !(one.localName === 'script' && one.src.startsWith(location.origin + '/wa/assets/')))
      found.push(named + one.outerHTML.slice(0, 80))
    if (one.id === 'canary' || one.classList.contains('canary')) found.push(named + 'made of words')
    for (const { name, value } of one.attributes) {
      if (/^on/.test(name) || name === 'style' || name === 'srcdoc' || /^data-hx/.test(name) || (/^hx-/.test(name) && !ours.has(name))) found.push(named + name)
      if (['href', 'src', 'action', 'formaction', 'hx-get', 'hx-post'].includes(name) && (/^\\s*(javascript|data|vbscript):/i.test(value) || value === '/canary')) found.push(named + name + '=' + value)
    }
  }
  return found
})()`

async function watched(t: TestContext, origin: string): Promise<{ page: Page; seen: string[] }> {
  const seen: string[] = []
  // Refusals are part of the test; the browser says so.
  const page = await open(t, started, origin, { expects: /status of 4(00|04|09|22)/ })
  await page.addInitScript('globalThis.canary = () => console.error("the canary sang")')
  page.on('dialog', (dialog) => {
    seen.push(`dialog ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (asked) => {
    if (!asked.isNavigationRequest() && new URL(asked.url()).pathname.includes('canary')) seen.push(`asked ${asked.url()}`)
  })
  return { page, seen }
}

test('strangers words stay words on every page, in every place: nothing of them runs, is asked for, or becomes an element', async (t) => {
  const all = await host(t)
  await fill(all)
  const origin = await listen(t, all.app)
  const { page, seen } = await watched(t, origin)
  const visited = new Set<string>()
  const shown = new Set<string>()
  /** Pages of one kind (all threads, all versions) are drawn by the same view. */
  const followed = new Map<string, number>()
  const queue = [
    ...[
      '/wa/',
      '/wa/insight',
      '/wa/outbox',
      '/wa/events',
      '/wa/events?state=unrecognised',
      '/wa/events?state=done',
      '/wa/audit',
      '/wa/settings',
      '/wa/phone',
      '/wa/menus',
    ],
    ...[
      '/wa/conversations',
      '/wa/menus/sent/versions',
      '/wa/menus/sent/publish',
      '/wa/menus/list-0/publish',
      '/wa/menus/list-0/archive',
      '/wa/menus/_new',
      '/wa/menus/_import',
      '/wa/outbox/all/retry?state=failed',
      '/wa/language',
      '/wa/menus/link',
      '/wa/menus/file',
      '/wa/menus/approved',
    ],
    ...HOSTILE.slice(0, 8).map((words) => `/wa/conversations?q=${encodeURIComponent(words)}`),
    ...[
      'menus?q=',
      'menus?tag=',
      'conversations?from=',
      'menus?shown=',
      'audit?of=',
      'events?state=',
      'outbox?state=',
      'menus/',
      'conversations/',
      'menus/_new?from=',
    ].map((path, n) => `/wa/${path}${encodeURIComponent(hostile(n + 4))}`),
  ]
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (visited.has(path)) continue
    visited.add(path)
    await page.goto(path)
    // What is folded is unfolded, what can be pointed at is pointed at.
    await page.evaluate(`for (const one of document.querySelectorAll('details')) one.open = true
      for (const one of document.querySelectorAll('a, button, input, bdi, p')) { one.dispatchEvent(new Event('mouseover', { bubbles: true })); one.focus?.({ preventScroll: true }) }`)
    assert.deepEqual(await page.evaluate(TRACES), [], path)
    assert.equal(decodeURIComponent(page.url()).startsWith(`${origin}/wa`), true, `${path} led to ${page.url()}`)
    shown.add((await page.evaluate('document.body.textContent')) as string)
    const links = (await page.evaluate(
      `[...document.querySelectorAll('a[href]:not([download])')].map((one) => one.getAttribute('href')).filter((href) => href.startsWith('/wa/'))`,
    )) as string[]
    for (const link of links) {
      const to = link.split('#')[0] ?? ''
      const kind = to.replaceAll(/\d+/g, 'N').replace(/\?.*/, '')
      if (visited.has(to) || queue.includes(to) || (followed.get(kind) ?? 0) >= OF_A_KIND) continue
      followed.set(kind, (followed.get(kind) ?? 0) + 1)
      queue.push(to)
    }
  }

  await page.context().addCookies([{ name: 'wa_language', value: 'hi', url: `${origin}/wa` }])
  for (const path of [
    '/',
    '/conversations',
    '/conversations/1',
    '/outbox',
    '/events?state=retrying',
    '/events?state=unrecognised',
    '/audit',
    '/menus',
    '/phone',
  ]) {
    await page.goto(`/wa${path}`)
    assert.equal(await page.evaluate('document.documentElement.lang'), 'hi')
    assert.deepEqual(await page.evaluate(TRACES), [], `${path} in Hindi`)
  }

  assert.deepEqual(seen, [])
  assert.ok(visited.size > 80, `${visited.size} pages`)
  // It was there to be seen: as name and as words of a thread, mark by mark.
  const bare = (words: string): string => words.replaceAll(/[\s*_~`\p{Cc}]/gu, '')
  const everything = bare([...shown].join('\n'))
  assert.deepEqual(
    HOSTILE.filter((words) => !everything.includes(bare(words))),
    [],
  )
})

test('strangers words stay words in what arrives while a page is open, in the preview of what is typed, and in notices', async (t) => {
  const all = await host(t)
  const origin = await listen(t, all.app)
  const { page, seen } = await watched(t, origin)
  await all.write(0, says('first'))
  await all.engine.settle()

  for (const path of ['/wa/conversations/1', '/wa/conversations', '/wa/phone']) {
    await page.goto(path)
    for (const words of [...HOSTILE.slice(0, 8), 'the last of them']) await all.write(0, says(words))
    await page.getByText('the last of them').last().waitFor()
    assert.deepEqual(await page.evaluate(TRACES), [], path)
    await page.waitForTimeout(300)
    await all.write(0, says('something else'))
    await page.getByText('something else').first().waitFor()
  }

  await all.draft('typed', { type: 'button', body: 'x', buttons: [{ id: 'a', title: 'A' }] })
  await page.goto('/wa/menus/typed')
  const typed = HOSTILE.filter((_, n) => n % 6 === 0)
  for (const words of typed) {
    await page.locator('#f-body').fill(words)
    await page.locator('#f-footer').fill(words)
    await page.locator('#f-buttons-0-title').fill(words)
    await page.locator('#_preview .wa-footer', { hasText: words.replaceAll(/\s+/g, ' ').trim().slice(0, 10) }).waitFor()
    assert.deepEqual(await page.evaluate(TRACES), [], words)
  }
  await page.keyboard.press('Control+s')
  await page.locator('#state-words', { hasText: 'Draft saved' }).waitFor()
  await page.reload()
  assert.equal(await page.locator('#f-footer').inputValue(), typed.at(-1))

  await page.goto('/wa/conversations/1')
  for (const words of HOSTILE.slice(0, 6)) {
    // In one go: the region around it may be drawn anew at any moment.
    await page.locator('form[action$="/mode"]').evaluate((form, value) => {
      const { elements, requestSubmit } = form as unknown as { elements: { mode: { value: string } }; requestSubmit(): void }
      elements.mode.value = value
      requestSubmit.call(form)
    }, words)
    await page
      .locator('.toast', { hasText: words.slice(0, 20) })
      .last()
      .waitFor()
    assert.deepEqual(await page.evaluate(TRACES), [], words)
  }
  assert.deepEqual(seen, [])
})

test('an import that means harm is refused in its own words', async (t) => {
  const all = await host(t)
  const { page, seen } = await watched(t, await listen(t, all.app))

  for (const words of [HOSTILE.join('\n'), ...HOSTILE.slice(30, 40)]) {
    await page.goto('/wa/menus/_import')
    await page.getByLabel('What to import').fill(words)
    await page.getByLabel('Name').fill(words)
    await page.getByRole('button', { name: 'Import as a draft' }).click()
    await page.locator('.fault').first().waitFor()
    assert.deepEqual(await page.evaluate(TRACES), [], words)
  }
  assert.deepEqual(seen, [])
})
