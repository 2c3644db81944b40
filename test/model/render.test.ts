import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WaError } from '../../lib/errors'
import { checkMenu } from '../../lib/model/check'
import type { MenuSpec } from '../../lib/model/menu'
import { preview, render, renderTemplate } from '../../lib/model/render'
import { defineReply } from '../../lib/model/reply-id'
import { variablesIn } from '../../lib/model/variables'
import { button, ctaPhone, ctaUrl, list, rows, x } from './samples'

const menu = (spec: unknown): MenuSpec => checkMenu(spec)
const text = (body: string, variables = {}): MenuSpec => menu({ key: 't', type: 'text', body, variables })
const slots = (changes: Record<string, unknown> = {}, more: unknown[] = []): MenuSpec =>
  menu(
    list({
      key: 'slots',
      body: 'Free on {{day}}:',
      sections: [{ title: 'Free', each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}', description: 'Dr. {{doctor}}' }, ...changes }, ...more],
    }),
  )
const free = (count: number) => Array.from({ length: count }, (_, index) => ({ id: index, time: `${index}:00`, doctor: 'Rao', room: { not: 'used' } }))

function failure(work: () => unknown): { code: string; paths: string[]; message: string } {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof WaError, String(error))
    return { code: error.code, paths: error.faults.map((fault) => fault.path), message: error.message }
  }
  return assert.fail('nothing was thrown')
}

test('variables are filled in everywhere, spaces in the braces do not matter, empty texts are left out', () => {
  const spec = menu(
    button({
      header: { type: 'document', link: 'https://cdn.example/{{file}}.pdf', filename: '{{file}}.pdf' },
      body: 'Hi {{ name }}, {{name}}!',
      footer: '{{ footer }}',
      variables: { footer: { default: '' } },
      buttons: [{ id: 'pay_{{n}}', title: 'Pay {{n}}' }],
    }),
  )

  assert.deepEqual(render(spec, { name: 'Asha', file: 'a b/c', n: 5 }), {
    type: 'button',
    header: { type: 'document', link: 'https://cdn.example/a%20b%2Fc.pdf', filename: 'a b/c.pdf' },
    body: 'Hi Asha, Asha!',
    buttons: [{ id: 'pay_5', title: 'Pay 5' }],
  })
})

test('a value is never read again: braces inside of it are words', () => {
  assert.deepEqual(render(text('Hi {{a}} {{b}}'), { a: '{{b}}', b: '{{ oops' }), { type: 'text', text: 'Hi {{b}} {{ oops' })
})

test('a value in an address is data: it is percent-encoded and cannot change where the address leads', () => {
  const spec = menu(ctaUrl({ buttons: [{ title: 'Track', url: 'https://shop.example/track/{{order}}?q={{q}}' }] }))
  assert.deepEqual(render(spec, { order: '../../@evil.example/#', q: 'a&b=c\ud800' }), {
    type: 'cta_url',
    body: 'Hello',
    buttons: [{ title: 'Track', url: 'https://shop.example/track/..%2F..%2F%40evil.example%2F%23?q=a%26b%3Dc%EF%BF%BD' }],
  })
})

test('a default stands in for a variable that is not given, or null', () => {
  const spec = text('Hi {{name}}', { name: { default: 'there', sample: 'Asha' } })
  for (const [given, shown] of [
    [{}, 'Hi there'],
    [undefined, 'Hi there'],
    [{ name: null }, 'Hi there'],
    [{ name: undefined }, 'Hi there'],
    [{ name: '' }, 'Hi '],
    [{ name: 0 }, 'Hi 0'],
  ] as const) {
    assert.deepEqual(render(spec, given as Record<string, unknown> | undefined), { type: 'text', text: shown })
  }
})

test('a missing variable is an error that names it and the menu; a sample is no value', () => {
  assert.deepEqual(
    failure(() => render(text('{{a}} {{b}}', { a: { sample: 'x' } }), {})),
    {
      code: 'WA_VARIABLE_MISSING',
      paths: ['variables.a', 'variables.b'],
      message: 'Menu "t": The variable "a" has no value. Pass a, or give it a default. The variable "b" has no value. Pass b, or give it a default.',
    },
  )
})

test('a variable that the menu does not know is an error with the nearest it knows', () => {
  const { code, paths, message } = failure(() => render(text('{{order}}'), { order: 1, ordre: 2 }))
  assert.deepEqual([code, paths], ['WA_VARIABLE_UNKNOWN', ['variables.ordre']])
  assert.match(message, /Did you mean "order"\?/)
  assert.equal(failure(() => render(text('Hi'), { name: 'x' })).code, 'WA_VARIABLE_UNKNOWN')
})

test('a variable that is declared, or was declared by code, may be given though no words use it', () => {
  assert.deepEqual(render(text('Hi', { name: { sample: 'x' } }), { name: 'Asha' }), { type: 'text', text: 'Hi' })
  assert.deepEqual(render(text('Hi'), { name: 'Asha', slots: [] }, { alsoKnown: ['name', 'slots'] }), { type: 'text', text: 'Hi' })
})

for (const value of [{}, [], true, Number.NaN, Number.POSITIVE_INFINITY, new Date(0), () => 1, Symbol('x'), 1n]) {
  test(`a value that is no text is refused: ${String(typeof value === 'object' ? JSON.stringify(value) : String(value))}`, () => {
    assert.deepEqual(failure(() => render(text('{{a}}'), { a: value })).paths, ['variables.a'])
  })
}

test('names that every object knows find nothing that was not given', () => {
  const spec = menu({ key: 't', type: 'text', body: '{{constructor}} {{__proto__}} {{toString}}'.replace('toString', 'to_string') })
  assert.deepEqual(failure(() => render(spec, { to_string: 'x' })).paths, ['variables.constructor', 'variables.__proto__'])
  assert.deepEqual(render(spec, JSON.parse('{"constructor":"a","__proto__":"b","to_string":"c"}')), { type: 'text', text: 'a b c' })
})

test('variables that are no object are refused', () => {
  for (const given of ['x', 5, ['x'], true]) assert.equal(failure(() => render(text('Hi'), given as never)).code, 'WA_VARIABLE_MISSING')
})

test('the limits are checked again when the words are final, all at once', () => {
  const spec = menu(
    button({
      footer: '{{f}}',
      buttons: [
        { id: 'a', title: '{{t}}' },
        { id: 'b', title: '{{u}}' },
        { id: '{{i}}', title: 'C' },
      ],
    }),
  )
  assert.deepEqual(
    failure(() => render(spec, { f: x(61), t: ' ', u: x(21), i: ' b' })),
    {
      code: 'WA_MENU_LIMIT',
      paths: ['footer', 'buttons[0].title', 'buttons[1].title', 'buttons[2].id'],
      message: failure(() => render(spec, { f: x(61), t: ' ', u: x(21), i: ' b' })).message,
    },
  )
  assert.deepEqual(failure(() => render(spec, { f: 'f', t: 'Same', u: 'Same', i: 'b' })).paths, ['buttons[1].title', 'buttons[2].id'])
})

test('text that no database stores is mended: half a pair, and the zero byte', () => {
  assert.deepEqual(render(text('{{a}}'), { a: 'x\ud83d\u0000y' }), { type: 'text', text: 'x\ufffd\ufffdy' })
})

test('rows are made from data, before the rows that are written out; other fields of the items do not matter', () => {
  const message = render(slots({ rows: [{ id: 'other', title: 'Another day' }] }), { day: 'Monday', slots: free(2) })
  assert.deepEqual(message.type === 'list' && message.sections, [
    {
      title: 'Free',
      rows: [
        { id: 'slot:0', title: '0:00', description: 'Dr. Rao' },
        { id: 'slot:1', title: '1:00', description: 'Dr. Rao' },
        { id: 'other', title: 'Another day' },
      ],
    },
  ])
})

test('an empty description is left out', () => {
  const spec = menu(list({ sections: [{ each: 'slots', row: { id: '{{id}}', title: '{{id}}', description: '{{note}}' } }] }))
  const message = render(spec, {
    slots: [
      { id: 'a', note: '' },
      { id: 'b', note: ' x ' },
    ],
  })
  assert.deepEqual(message.type === 'list' && message.sections[0]?.rows, [
    { id: 'a', title: 'a' },
    { id: 'b', title: 'b', description: ' x ' },
  ])
})

test('a field that an item lacks is taken from the menu, else it is missing and named', () => {
  const spec = slots()
  const declared = { ...spec, variables: { doctor: { default: 'Das' } } } as MenuSpec
  const message = render(declared, { day: 'x', slots: [{ id: 1, time: '9' }] })
  assert.equal(message.type === 'list' && message.sections[0]?.rows[0]?.description, 'Dr. Das')
  assert.deepEqual(failure(() => render(spec, { day: 'x', slots: [...free(1), { id: 1, time: '9' }] })).paths, ['variables.slots[1].doctor'])
})

const ARRAYS: [says: string, given: unknown, code: string, path: string][] = [
  ['missing', undefined, 'WA_VARIABLE_MISSING', 'variables.slots'],
  ['a text', 'x', 'WA_VARIABLE_MISSING', 'variables.slots'],
  ['of texts', ['x'], 'WA_VARIABLE_MISSING', 'variables.slots[0]'],
  ['with a hole', [null], 'WA_VARIABLE_MISSING', 'variables.slots[0]'],
  ['empty', [], 'WA_MENU_LIMIT', 'variables.slots'],
  ['of 11', free(11), 'WA_MENU_LIMIT', 'variables.slots'],
]
for (const [says, given, code, path] of ARRAYS) {
  test(`an array for rows that is ${says} is an error`, () => {
    const thrown = failure(() => render(slots(), { day: 'x', slots: given }))
    assert.deepEqual([thrown.code, thrown.paths], [code, [path]])
  })
}

test('the room for rows from data is what the written rows leave', () => {
  const fixed = slots({}, [{ title: 'Else', rows: rows(2) }])
  assert.equal(render(fixed, { day: 'x', slots: free(8) }).type, 'list')
  assert.match(failure(() => render(fixed, { day: 'x', slots: free(9) })).message, /has 9 items; the list has room for 8/)
})

test('without data a section shows its words for that, or only its written rows', () => {
  const row = (spec: MenuSpec) => {
    const message = render(spec, { day: 'x', slots: [] })
    return message.type === 'list' && message.sections[0]?.rows
  }
  assert.deepEqual(row(slots({ empty: 'Nothing on {{day}}' })), [{ id: 'empty:slots', title: 'Nothing on x' }])
  assert.deepEqual(row(slots({ rows: rows(1) })), rows(1))
})

test('two items with the same id are refused: a tap could not tell them apart', () => {
  assert.deepEqual(failure(() => render(slots(), { day: 'x', slots: [...free(1), ...free(1)] })).paths, ['sections[0].rows[1].id'])
})

test('ids from defineReply make the round trip through a menu, whatever the value', () => {
  const rate = defineReply('rate', { order: 'string', stars: 'int' })
  const spec = menu(button({ buttons: [{ id: rate.row({ order: '{{order}}', stars: 5 }), title: 'Great!' }] }))

  for (const order of ['ORD-1', 'a:b', '50%', 'a%3Ab', ' x ', 'ऑर्डर', '{{stars}}', '/?#', '']) {
    const message = render(spec, { order })
    const id = message.type === 'button' ? message.buttons[0]?.id : undefined
    assert.equal(id, rate.id({ order, stars: 5 }))
    assert.deepEqual(rate.parse(id ?? ''), { order, stars: 5 })
  }
})

test('a value that is the whole id, or stands before the first colon, is taken as it is', () => {
  const message = render(
    menu(
      button({
        buttons: [
          { id: '{{id}}', title: 'A' },
          { id: '{{id}}:{{id}}', title: 'B' },
        ],
      }),
    ),
    { id: 'a b%' },
  )
  assert.deepEqual(message.type === 'button' && message.buttons.map((one) => one.id), ['a b%', 'a b%:a%20b%25'])
})

test('a phone button leaves as its template, with what the customer is expected to see', () => {
  const spec = menu(
    ctaPhone({
      header: { type: 'text', text: 'Help' },
      body: 'Hi {{name}}',
      template: { name: 'call_us', language: 'en', components: [{ type: 'body', parameters: [{ type: 'text', text: '{{name}}' }] }] },
    }),
  )
  assert.deepEqual(render(spec, { name: 'Asha' }), {
    type: 'template',
    template: { name: 'call_us', language: 'en', components: [{ type: 'body', parameters: [{ type: 'text', text: 'Asha' }] }] },
    shown: { header: { type: 'text', text: 'Help' }, body: 'Hi Asha', buttons: [{ title: 'Call us', phone: '+911140000000' }] },
  })
})

test('one URL button leaves as a message, two as the template that the menu names', () => {
  const url = 'https://shop.example/'
  const template = { name: 'links', language: 'en' }
  assert.equal(render(menu(ctaUrl({ template }))).type, 'cta_url')
  assert.equal(
    render(
      menu(
        ctaUrl({
          template,
          buttons: [
            { title: 'A', url },
            { title: 'B', url },
          ],
        }),
      ),
    ).type,
    'template',
  )
})

test('the template of any menu can be drawn alone, for when the window is closed', () => {
  const template = { name: 'hello', language: 'en', components: [{ type: 'body', parameters: [{ type: 'text', text: '{{name}}' }] }] }
  assert.deepEqual(renderTemplate(menu(button({ body: 'Hi {{name}}', template })), { name: 'Asha' }), {
    type: 'template',
    template: { name: 'hello', language: 'en', components: [{ type: 'body', parameters: [{ type: 'text', text: 'Asha' }] }] },
    shown: { body: 'Hi Asha', buttons: [] },
  })
  assert.equal(renderTemplate(menu(button())), null)
})

test('a preview shows samples, else defaults, else the names, and draws a row from data once', () => {
  const spec = {
    ...slots(),
    body: '{{a}} {{b}} {{c}}',
    variables: { a: { sample: 'S', default: 'D' }, b: { default: 'D' }, time: { sample: '9:00' } },
  } as MenuSpec
  const { message, faults } = preview(spec)
  assert.deepEqual(faults, [])
  assert.deepEqual(message, {
    type: 'list',
    body: 'S D ‹c›',
    button: 'Open',
    sections: [{ title: 'Free', rows: [{ id: 'slot:%E2%80%B9id%E2%80%BA', title: '9:00', description: 'Dr. ‹doctor›' }] }],
  })
})

test('a preview draws unfinished drafts, and says what is wrong with them', () => {
  const drafts: [unknown, object | null][] = [
    [
      { key: 'd', type: 'button', body: '', buttons: [{ id: '', title: '' }] },
      { type: 'button', body: '', buttons: [{ id: '', title: '' }] },
    ],
    [
      { key: 'd', type: 'list', body: 'Hi {{', button: '', sections: [{}] },
      { type: 'list', body: 'Hi {{', button: '', sections: [{ rows: [] }] },
    ],
    [
      { key: 'd', type: 'button' },
      { type: 'button', body: '', buttons: [] },
    ],
    [
      { key: 'd', type: 'cta_phone', body: 'x', buttons: [] },
      { type: 'template', template: { name: '', language: '', components: [] }, shown: { body: 'x', buttons: [] } },
    ],
    [{ key: 'd', type: 'nothing' }, null],
    [null, null],
  ]
  for (const [draft, expected] of drafts) {
    const { message, faults } = preview(draft as MenuSpec)
    assert.deepEqual(message, expected)
    assert.ok(faults.length > 0)
  }
})

test('the variables of a menu are found wherever they stand; those of rows from data belong to their items', () => {
  const spec = slots({ title: 'On {{day}}', rows: [{ id: 'x', title: '{{fixed}}' }], empty: 'No {{what}}' })
  assert.deepEqual(variablesIn(spec), { scalars: ['day', 'fixed', 'what'], arrays: { slots: ['id', 'time', 'doctor'] } })
  assert.deepEqual(
    variablesIn(
      menu(
        ctaPhone({
          body: '{{b}}',
          buttons: [{ title: '{{t}}', phone: '{{p}}' }],
          template: { name: 'a', language: 'en', components: [{ type: 'body', text: '{{c}}' }] },
        }),
      ),
    ),
    { scalars: ['b', 't', 'p', 'c'], arrays: {} },
  )
})
