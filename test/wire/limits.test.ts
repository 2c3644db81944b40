import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { WaError } from '../../lib/errors'
import type { MenuSpec } from '../../lib/model/menu'
import { archiveMenu, saveDraft } from '../../lib/store/menus'
import type { FakeCloudApi } from '../fakes/fake-cloud-api'
import { button, CHARACTERS, ctaPhone, ctaUrl, list, options, rows, titled, x } from '../model/samples'
import { type WireHost, wireHost } from '../support/wire-host'

const STAFF = { id: 'u1', name: 'Meera' }
const ASHA = '+919800000001'
const link = 'https://cdn.example/a.jpg'
let host: WireHost<FakeCloudApi>
before(async () => {
  host = await wireHost('cloud-api', { perRecipientHour: 1_000_000 })
})
beforeEach(() => {
  host.fake.taken.length = 0
})
after(() => host[Symbol.asyncDispose]())

let made = 0
/** Saves a draft under a key of its own and publishes it, as staff do. */
async function publish(spec: unknown): Promise<string> {
  const menu = { ...(spec as MenuSpec), key: `menu-${++made}` }
  await saveDraft(host.engine.db, menu, STAFF, null, Date.now())
  await host.engine.publish(menu.key, STAFF, {})
  return menu.key
}
async function send(what: string | object, variables?: object): Promise<void> {
  await (host.wa.send as (...given: unknown[]) => Promise<unknown>)(ASHA, what, ...(typeof what === 'string' ? [variables ?? {}] : []))
  await host.engine.settle()
}
/** The text of all that left, for a look at what is in it. */
const left = (): string => JSON.stringify(host.fake.taken.map(({ content }) => content))

async function refused(work: Promise<unknown>, path: string): Promise<void> {
  await assert.rejects(
    work,
    (error) =>
      error instanceof WaError && error.status >= 400 && error.status < 500 && error.faults.some((fault) => fault.path === path && fault.message.length > 10),
  )
  assert.equal(host.fake.taken.length, 0)
}

/** Texts with a limit: the row of the list, the menu that carries the text, where a fault is reported, texts on this side and on the other. */
const TEXTS: [row: number, rule: string, make: (text: string) => object, path: string, ok: string[], bad: string[]][] = [
  [2, 'a button title of 20', titled, 'buttons[0].title', [x(20)], [x(21)]],
  [3, 'a button title with something in it', titled, 'buttons[0].title', ['A'], ['', '   ']],
  [6, 'a button id of 256', (id) => button({ buttons: [{ id, title: 'A' }] }), 'buttons[0].id', [x(256)], [x(257)]],
  [7, 'a button id without spaces at its ends', (id) => button({ buttons: [{ id, title: 'A' }] }), 'buttons[0].id', ['a b'], [' a', 'a ', '']],
  [8, 'a body of 1 to 1024 over buttons', (body) => button({ body }), 'body', ['x', x(1024)], ['', x(1025)]],
  [9, 'a header text of 1 to 60', (text) => button({ header: { type: 'text', text } }), 'header.text', ['x', x(60)], ['', x(61)]],
  [11, 'a footer of 60', (footer) => button({ footer }), 'footer', [x(60)], [x(61)]],
  [12, 'a list button of 1 to 20', (text) => list({ button: text }), 'button', ['x', x(20)], ['', x(21)]],
  [16, 'a section title of 24', (title) => list({ sections: [{ title, rows: rows(1) }] }), 'sections[0].title', [x(24)], [x(25)]],
  [18, 'a row title of 1 to 24', (title) => list({ sections: [{ rows: [{ id: 'a', title }] }] }), 'sections[0].rows[0].title', ['x', x(24)], ['', x(25)]],
  [
    19,
    'a row description of 72',
    (description) => list({ sections: [{ rows: [{ id: 'a', title: 'A', description }] }] }),
    'sections[0].rows[0].description',
    [x(72)],
    [x(73)],
  ],
  [20, 'a row id of 1 to 200', (id) => list({ sections: [{ rows: [{ id, title: 'A' }] }] }), 'sections[0].rows[0].id', ['x', x(200)], ['', x(201)]],
  [23, 'a list body of 1024, and not the 4096 of the page', (body) => list({ body }), 'body', [x(1024)], [x(1025)]],
  [24, 'a text of 1 to 4096', (body) => ({ type: 'text', body }), 'body', ['x', x(4096)], ['', x(4097)]],
  [25, 'a URL label of 20', (title) => ctaUrl({ buttons: [{ title, url: link }] }), 'buttons[0].title', [x(20)], [x(21)]],
  [28, 'a template label of 25', (title) => ctaPhone({ buttons: [{ title, phone: '+911140000000' }] }), 'buttons[0].title', [x(25)], [x(26)]],
]
for (const [row, rule, make, path, ok, bad] of TEXTS) {
  test(`${row} ${rule}: at publish, and when a variable fills it`, async () => {
    for (const text of ok) {
      await send(await publish(make(text)))
      await send(await publish(make('{{v}}')), { v: text })
      // A template carries its own words: of the menu only its name leaves.
      assert.equal(left().split(JSON.stringify(text)).length - 1, row === 28 ? 0 : 2, left())
      assert.equal(host.fake.taken.length, 2)
      host.fake.taken.length = 0
    }
    for (const text of bad) {
      await refused(publish(make(text)), path)
      const key = await publish(make('{{v}}'))
      await refused(send(key, { v: text }), path)
    }
  })
}

const two = (buttons: object[]) => ctaUrl({ buttons })
/** Structures with a limit. */
const SHAPES: [row: number, rule: string, ok: object[], bad: [spec: object, path: string][]][] = [
  [
    1,
    '1 to 3 buttons',
    [button({ buttons: options(1) }), button({ buttons: options(3) })],
    [
      [button({ buttons: [] }), 'buttons'],
      [button({ buttons: options(4) }), 'buttons'],
    ],
  ],
  [
    4,
    'button titles that differ',
    [
      button({
        buttons: [
          { id: 'a', title: 'Yes' },
          { id: 'b', title: 'No' },
        ],
      }),
    ],
    [
      [
        button({
          buttons: [
            { id: 'a', title: 'Yes' },
            { id: 'b', title: 'Yes' },
          ],
        }),
        'buttons[1].title',
      ],
    ],
  ],
  [
    5,
    'button ids that differ',
    [
      button({
        buttons: [
          { id: 'a', title: 'Yes' },
          { id: 'b', title: 'No' },
        ],
      }),
    ],
    [
      [
        button({
          buttons: [
            { id: 'a', title: 'Yes' },
            { id: 'a', title: 'No' },
          ],
        }),
        'buttons[1].id',
      ],
    ],
  ],
  [
    10,
    'header types of buttons, with one of link and id',
    [
      ...(['image', 'video', 'document'] as const).map((type) => button({ header: { type, link } })),
      button({ header: { type: 'image', id: '1' } }),
      button({ header: { type: 'text', text: 'T' } }),
    ],
    [
      [button({ header: { type: 'audio', link } }), 'header.type'],
      [button({ header: { type: 'sticker', link } }), 'header.type'],
      [button({ header: { type: 'image' } }), 'header'],
      [button({ header: { type: 'image', link, id: '1' } }), 'header'],
    ],
  ],
  [
    13,
    '1 to 10 sections',
    [list({ sections: rows(10).map((row, index) => ({ title: `S${index}`, rows: [row] })) })],
    [
      [list({ sections: [] }), 'sections'],
      [list({ sections: rows(11).map((row, index) => ({ title: `S${index}`, rows: [row] })) }), 'sections'],
    ],
  ],
  [
    14,
    '10 rows over all sections',
    [
      list({
        sections: [
          { title: 'A', rows: rows(5) },
          { title: 'B', rows: rows(5, 5) },
        ],
      }),
    ],
    [
      [
        list({
          sections: [
            { title: 'A', rows: rows(5) },
            { title: 'B', rows: rows(6, 5) },
          ],
        }),
        'sections',
      ],
    ],
  ],
  [15, 'sections that have rows', [list({ sections: [{ rows: rows(1) }] })], [[list({ sections: [{ rows: [] }] }), 'sections[0].rows']]],
  [
    17,
    'section titles as soon as there are two',
    [list({ sections: [{ rows: rows(1) }] })],
    [[list({ sections: [{ rows: rows(1) }, { rows: rows(1, 1) }] }), 'sections[0].title']],
  ],
  [
    21,
    'row ids that differ over all sections',
    [
      list({
        sections: [
          { title: 'A', rows: [{ id: 'a', title: 'A' }] },
          { title: 'B', rows: [{ id: 'b', title: 'B' }] },
        ],
      }),
    ],
    [
      [
        list({
          sections: [
            { title: 'A', rows: [{ id: 'a', title: 'A' }] },
            { title: 'B', rows: [{ id: 'a', title: 'B' }] },
          ],
        }),
        'sections[1].rows[0].id',
      ],
    ],
  ],
  [22, 'a list header of text', [list({ header: { type: 'text', text: 'T' } })], [[list({ header: { type: 'image', link } }), 'header.type']]],
  [
    26,
    'one URL button in a session message',
    [two([{ title: 'A', url: link }])],
    [
      [
        two([
          { title: 'A', url: link },
          { title: 'B', url: link },
        ]),
        'buttons',
      ],
    ],
  ],
  [
    27,
    'addresses that a browser opens',
    [two([{ title: 'A', url: 'https://shop.example/x' }]), two([{ title: 'A', url: 'http://shop.example' }])],
    ['javascript:alert(1)', 'tel:+911140000000', '/orders', 'data:text/html,x'].map((url): [object, string] => [two([{ title: 'A', url }]), 'buttons[0].url']),
  ],
]
for (const [row, rule, ok, bad] of SHAPES) {
  test(`${row} ${rule}: at publish`, async () => {
    for (const [spec, path] of bad) await refused(publish(spec), path)

    for (const spec of ok) await send(await publish(spec))
    assert.equal(host.fake.taken.length, ok.length)
  })
}

test('13, 14 rows from data are counted when they are known', async () => {
  const key = await publish(
    list({
      sections: [
        { title: 'Free', each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}' } },
        { title: 'Else', rows: [{ id: 'else', title: 'Something else' }] },
      ],
    }),
  )
  const slots = (count: number) => ({ slots: Array.from({ length: count }, (_, id) => ({ id, time: `${id} pm` })) })

  await refused(send(key, slots(10)), 'variables.slots')
  await send(key, slots(9))

  assert.equal(host.fake.taken.length, 1)
})

/** Messages without a menu: at the call. */
const MESSAGES: [row: number, rule: string, ok: object[], bad: [message: object, path: string][]][] = [
  [
    24,
    'a text of 1 to 4096',
    [{ text: x(4096) }, { text: 'x' }],
    [
      [{ text: x(4097) }, 'text'],
      [{ text: '' }, 'text'],
      [{ text: ' \u200b' }, 'text'],
    ],
  ],
  [
    32,
    'a caption of 1024',
    [
      { image: { link }, caption: x(1024) },
      { video: { link }, caption: x(1024) },
      { document: { link }, filename: 'a.pdf', caption: x(1024) },
    ],
    [
      [{ image: { link }, caption: x(1025) }, 'caption'],
      [{ video: { link }, caption: x(1025) }, 'caption'],
      [{ document: { link }, filename: 'a.pdf', caption: x(1025) }, 'caption'],
    ],
  ],
  [
    10,
    'a file by one of link and id, over https',
    [{ image: { link } }, { audio: { id: '1' } }],
    [
      [{ image: {} }, 'image'],
      [{ image: { link, id: '1' } }, 'image'],
      [{ image: { link: 'http://cdn.example/a.jpg' } }, 'image.link'],
      [{ image: { link: 'https://10.0.0.1/a.jpg' } }, 'image.link'],
    ],
  ],
  [
    31,
    'a type of the wire that we have no word for, only as raw',
    [{ raw: { type: 'interactive', interactive: { type: 'location_request_message', body: { text: 'Where?' }, action: { name: 'send_location' } } } }],
    [
      [{ interactive: { type: 'carousel' } }, ''],
      [{ raw: { interactive: {} } }, 'raw'],
    ],
  ],
]
for (const [row, rule, ok, bad] of MESSAGES) {
  test(`${row} ${rule}: at the call`, async () => {
    for (const [message, path] of bad) await refused(send(message), path)

    for (const message of ok) await send(message)
    assert.equal(host.fake.taken.length, ok.length)
  })
}

test('29 a request carries one message: the hundred of a batch is never near', async () => {
  await using exotel = await wireHost('exotel')
  await Promise.all(Array.from({ length: 120 }, (_, index) => exotel.wa.send(`+91980000${String(index).padStart(4, '0')}`, { text: 'hi' })))
  await exotel.wa.idle()

  assert.equal(exotel.fake.taken.length, 120)
  assert.deepEqual(new Set(exotel.fake.requests.map(({ body }) => (body as { whatsapp: { messages: unknown[] } }).whatsapp.messages.length)), new Set([1]))
})

for (const [to, fits] of [
  ['+919800000001', true],
  ['+91 98000-00001', true],
  ['0091 9800000001', true],
  ['9800000001', false],
  ['+0123456789', false],
  ['+91980000000A', false],
  ['call me', false],
  ['+123456', false],
  ['+1234567890123456', false],
  ['', false],
] as const) {
  test(`30 "${to}" is ${fits ? 'a' : 'no'} number to send to`, async () => {
    const sent = host.wa.send(to, { text: 'hi' })

    if (!fits) await assert.rejects(sent, { code: 'WA_PHONE_INVALID' })
    else await sent
    await host.engine.settle()
    assert.deepEqual(
      host.fake.taken.map((taken) => taken.to),
      fits ? ['919800000001'] : [],
    )
  })
}

test('34 a carousel of 2 to 10 cards is passed on as raw, and no other', async () => {
  const carousel = (action: unknown) => ({ raw: { type: 'interactive', interactive: { type: 'carousel', action } } })
  const cards = (count: number) => carousel({ cards: Array.from({ length: count }, (_, card_index) => ({ card_index })) })

  for (const message of [cards(0), cards(1), cards(11), carousel({ cards: 'two' }), carousel(undefined)])
    await refused(send(message), 'raw.interactive.action.cards')
  for (const count of [2, 10]) {
    await send(cards(count))
    assert.equal((left().match(/card_index/g) ?? []).length, count)
    host.fake.taken.length = 0
  }
})

for (const [text, points, , verdict] of CHARACTERS) {
  test(`a label of ${points} code points ("${text.slice(0, 12)}…") ${verdict === 'reject' ? 'stays here' : 'leaves as it is'}`, async () => {
    const key = await publish(titled('{{v}}'))

    if (verdict === 'reject') await refused(send(key, { v: text }), 'buttons[0].title')
    else {
      await send(key, { v: text })
      assert.ok(left().includes(JSON.stringify(text)), left())
    }
  })
}

test('an archived menu and an unknown one leave no message', async () => {
  const key = await publish(button())
  await archiveMenu(host.engine.db, key, true, STAFF, Date.now())

  for (const menu of [key, 'no-such-menu']) await assert.rejects(send(menu), { code: 'WA_MENU_UNKNOWN' })
})
