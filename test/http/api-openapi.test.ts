import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CODES } from '../../lib/errors'
import { faultsOf } from '../../lib/http/api/faults'
import { openApi } from '../../lib/http/api/openapi'
import { ROUTES } from '../../lib/http/api/routes'
import { MenuAtKey, Menu as MenuSchema } from '../../lib/http/api/schemas/menu'
import { Message, Send } from '../../lib/http/api/schemas/message'
import { faultsOf as menuFaultsOf, shapeFaultsOf } from '../../lib/model/check'
import { messageOf } from '../../lib/model/send-check'
import { ajv, apiHost, compile, DOCUMENT } from './api-host'

/** One menu of every type and shape that the contract shows. */
const MENUS = [
  {
    key: 'rating',
    type: 'button',
    header: { type: 'image', link: 'https://cdn.example/a.jpg' },
    body: 'Order {{order}} has arrived. How was it?',
    footer: 'Tap a button',
    variables: { order: { sample: 'ORD-1', default: 5 } },
    owner: 'staff',
    tags: ['orders', 'after sales'],
    buttons: [
      { id: 'rating_great', title: 'Great!' },
      { id: 'rating_bad', title: 'Not satisfied' },
    ],
  },
  {
    key: 'help-center',
    type: 'list',
    header: { type: 'text', text: 'Help Center' },
    body: 'How can we help?',
    button: 'Select Topic',
    sections: [{ title: 'Orders', rows: [{ id: 'track_order', title: 'Track My Order', description: 'Get real-time delivery status' }] }],
  },
  {
    key: 'slots',
    type: 'list',
    body: 'Free on {{day}}:',
    button: 'See slots',
    sections: [{ title: 'Free', each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}' }, empty: 'Nothing free' }],
  },
  { key: 'invoice', type: 'button', header: { type: 'document', id: 'media-1', filename: 'a.pdf' }, body: 'Yours', buttons: [{ id: 'ok', title: 'OK' }] },
  { key: 'track-link', type: 'cta_url', body: 'Your order has shipped.', buttons: [{ title: 'Track Order', url: 'https://example.com/track/{{order}}' }] },
  {
    key: 'call-us',
    type: 'cta_phone',
    body: 'Talk to us.',
    buttons: [{ title: 'Call us', phone: '+911140000000' }],
    template: { name: 'call_us', language: 'en' },
  },
  { key: 'ask-order', type: 'text', body: 'Please enter your order number.' },
  { key: 'reminder', type: 'template', template: { name: 'booking_reminder', language: 'en', components: [] } },
]

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace']

test('the document holds every route of the table and no other', () => {
  const documented = Object.entries(DOCUMENT.paths).flatMap(([path, item]) =>
    Object.keys(item)
      .filter((name) => METHODS.includes(name))
      .map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  )

  assert.deepEqual(documented.sort(), ROUTES.map((route) => `${route.method} ${route.path}`).sort())
})

test('it is valid by the official schema of OpenAPI 3.1', async () => {
  const { Validator } = await import('@seriousme/openapi-schema-validator')

  const found = await new Validator().validate(structuredClone(openApi(ROUTES, '/wa')))

  assert.deepEqual(found.errors ?? [], [])
  assert.equal(found.valid, true)
})

test('that check can fail', async () => {
  const { Validator } = await import('@seriousme/openapi-schema-validator')
  const broken = structuredClone(openApi(ROUTES, '/wa')) as { paths: Record<string, { get?: { responses: unknown } }> }
  const item = broken.paths['/api/openapi.json']
  assert.ok(item?.get)
  item.get.responses = []

  assert.equal((await new Validator().validate(broken as never)).valid, false)
})

test('every schema of it compiles, every reference leads somewhere, every name is used', () => {
  const text = JSON.stringify(DOCUMENT)
  const names = Object.keys(DOCUMENT.components.schemas)

  for (const [, name] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) assert.ok(names.includes(name ?? ''), name)
  for (const name of names) {
    assert.ok(text.includes(`"#/components/schemas/${name}"`), `${name} is used nowhere`)
    compile({ $ref: `#/components/schemas/${name}` })
  }
})

test('operations have names of their own, a summary, the scope they need, and their examples are valid', () => {
  const ids = ROUTES.map((route) => route.id)
  assert.equal(new Set(ids).size, ids.length)
  for (const route of ROUTES) {
    const operation = DOCUMENT.paths[route.path.replaceAll(/:(\w+)/g, '{$1}')]?.[route.method.toLowerCase()] as unknown as {
      summary: string
      description: string
      security: unknown
      parameters?: { name: string; in: string }[]
      requestBody?: { content: Record<string, { schema: object; example?: unknown }> }
    }
    assert.ok(operation.summary.length > 3)
    assert.match(operation.description, new RegExp(`Needs a key with scope ${route.may}\\.$`))
    assert.deepEqual(operation.security, [{ apiKey: [route.may] }])
    for (const [, name] of route.path.matchAll(/:(\w+)/g)) assert.ok(operation.parameters?.some((one) => one.name === name && one.in === 'path'))
    const body = operation.requestBody?.content['application/json']
    if (!body) continue
    const validate = compile(body.schema)
    assert.ok(body.example !== undefined && validate(body.example), `${route.id}: ${ajv.errorsText(validate.errors)}`)
    assert.deepEqual(faultsOf(route.body?.schema as never, body.example), [])
  }
})

test('every refusal of the document is a code of the catalogue under its status', () => {
  for (const [path, item] of Object.entries(DOCUMENT.paths))
    for (const operation of Object.values(item))
      for (const [status, response] of Object.entries(operation.responses)) {
        const codes = (response as unknown as { description: string }).description.match(/WA_[A-Z_]+/g) ?? []
        for (const code of codes) assert.equal(String(CODES[code as keyof typeof CODES]?.status), status, `${path}: ${code}`)
      }
})

test('it is answered under the mount, to a key that may read', async (t) => {
  const { get } = await apiHost(t)

  const answer = await get('/openapi.json', { as: 'read' })

  assert.equal(answer.status, 200)
  assert.deepEqual(answer.body, JSON.parse(JSON.stringify(DOCUMENT)))
  assert.equal(answer.body.openapi, '3.1.0')
})

// ------------------------------------------------------------------------------------------------ three who judge the same bodies

const document = {
  menu: compile({ $ref: '#/components/schemas/Menu' }),
  message: compile({ $ref: '#/components/schemas/Message' }),
  send: compile({ $ref: '#/components/schemas/Send' }),
}
const passes = (check: () => unknown): boolean => {
  try {
    check()
    return true
  } catch {
    return false
  }
}

test('what the models take as a menu the schema and the document take too', () => {
  for (const menu of MENUS) {
    assert.deepEqual(menuFaultsOf(menu), [])
    assert.deepEqual(faultsOf(MenuSchema, menu), [], menu.key)
    assert.deepEqual(faultsOf(MenuAtKey, menu), [], menu.key)
    assert.ok(document.menu(menu), menu.key)
  }
})

test('what the models refuse in the structure of a menu the schema and the document refuse too', () => {
  for (const menu of MENUS) {
    for (const broken of mutations(menu)) {
      const judged = { models: shapeFaultsOf(broken).length === 0, schema: faultsOf(MenuSchema, broken).length === 0, document: document.menu(broken) }

      assert.deepEqual(judged, { models: judged.schema, schema: judged.schema, document: judged.schema }, JSON.stringify(broken))
    }
  }
})

test('models, schema and document agree on what is a message', () => {
  const good = [
    { text: 'x' },
    { text: '🙂'.repeat(4096), preview: false },
    { image: { link: 'https://cdn.example/a.jpg' }, caption: '' },
    { video: { id: 'x' } },
    { audio: { id: 'x' } },
    { document: { id: 'x' }, filename: 'a.pdf' },
    { location: { latitude: -90, longitude: 180 } },
    { reaction: '', to: 'x' },
    { raw: { type: 'contacts', contacts: [] } },
  ]
  for (const message of good) {
    for (const body of [message, ...mutations(message)]) {
      const judged = { models: passes(() => messageOf(body)), schema: faultsOf(Message, body).length === 0, document: document.message(body) }

      // The models look further than a structure: at addresses. Whatever they take, the others must.
      if (judged.models) assert.deepEqual(judged, { models: true, schema: true, document: true }, JSON.stringify(body))
      assert.equal(judged.schema, judged.document, JSON.stringify(body))
    }
    assert.ok(
      passes(() => messageOf(message)),
      JSON.stringify(message),
    )
  }
})

test('schema and document agree on what may be sent', () => {
  const good = [
    { to: '+919876543210', menu: 'help' },
    { to: { phone: '+919876543210' }, menu: 'help', variables: { a: 1, rows: [{}] }, number: 'default' },
    { to: { id: '1' }, message: { text: 'x' } },
    { to: { bsuid: 'IN.1' }, message: { image: { id: 'x' } }, number: 'default' },
  ]
  for (const body of good) {
    assert.deepEqual(faultsOf(Send, body), [])
    for (const broken of mutations(body)) assert.equal(faultsOf(Send, broken).length === 0, document.send(broken), JSON.stringify(broken))
  }
})

/** The same value with each of its fields in turn missing, of every other type, and beside one that is unknown. */
function* mutations(value: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) return
  const others = Array.isArray(value) ? [] : [{ ...value, surplus: 1 }]
  yield* others
  for (const name of Object.keys(value)) {
    const change = (to: unknown): unknown => {
      const copy = structuredClone(value) as Record<string, unknown>
      if (to === undefined) delete copy[name]
      else copy[name] = to
      return Array.isArray(value) ? Object.values(copy) : copy
    }
    if (!Array.isArray(value)) yield change(undefined)
    for (const wrong of [null, 0, 1.5, true, '', 'x', [], [1], {}, { x: 1 }]) yield change(wrong)
    for (const inner of mutations((value as Record<string, unknown>)[name])) yield change(inner)
  }
}
