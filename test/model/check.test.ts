import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WaError } from '../../lib/errors'
import { checkMenu, faultsOf, shapeFaultsOf } from '../../lib/model/check'
import { button, ctaUrl, faultPaths, list, options, paths, rows, x } from './samples'

test('a fault says what happened to which thing, what was expected and what to do', () => {
  const menu = list({ key: 'help', sections: [{ rows: [...rows(2), { id: 'return', title: 'Return or exchange an item' }] }] })

  assert.deepEqual(faultsOf(menu), [
    {
      path: 'sections[0].rows[2].title',
      message: 'Row 3 title is 26 characters; WhatsApp shows at most 24. Shorten "Return or exchange an item".',
      actual: 26,
      limit: 24,
      fix: 'Shorten "Return or exchange an item".',
    },
  ])
  assert.throws(() => checkMenu(menu), {
    code: 'WA_MENU_LIMIT',
    message: 'Menu "help": Row 3 title is 26 characters; WhatsApp shows at most 24. Shorten "Return or exchange an item".',
  })
})

test('four buttons are told to be a list', () => {
  const [fault] = faultsOf(button({ buttons: options(4) }))
  assert.deepEqual([fault?.actual, fault?.limit, fault?.fix], [4, 3, 'Make it a list.'])
})

test('all faults are reported at once, those of structure and those of limits', () => {
  const faults = faultPaths({
    key: 'Bad Key',
    type: 'button',
    body: x(1025),
    footr: 'x',
    header: { type: 'image' },
    buttons: [{ id: 'a', title: 'Yes' }, { id: 'a', title: 'Yes' }, { title: x(21) }],
  })
  assert.deepEqual(faults, ['key', 'footr', 'buttons[2].id', 'header', 'body', 'buttons[2].title', 'buttons[1].title', 'buttons[1].id'])
})

const UNKNOWN: [says: string, menu: unknown, path: string, near: RegExp][] = [
  ['of the menu', button({ footr: 'x' }), 'footr', /Did you mean "footer"\?/],
  ['of a row', list({ sections: [{ rows: [{ id: 'a', title: 'A', descripton: 'x' }] }] }), 'sections[0].rows[0].descripton', /Did you mean "description"\?/],
  [
    'of a header',
    button({ header: { type: 'image', url: 'https://x.example/a.jpg', link: 'https://x.example/a.jpg' } }),
    'header.url',
    /Known: type, link, id\./,
  ],
  ['of a variable', button({ variables: { a: { defualt: 'x' } } }), 'variables.a.defualt', /Did you mean "default"\?/],
  ['that another type of menu has', { key: 't', type: 'text', body: 'x', footer: 'y' }, 'footer', /Unknown field "footer" in a text menu/],
  [
    'that belongs to every object in JavaScript',
    JSON.parse('{"key":"m","type":"text","body":"x","__proto__":{"x":1},"constructor":1}'),
    '__proto__',
    /Unknown field/,
  ],
]
for (const [says, menu, path, near] of UNKNOWN) {
  test(`an unknown field ${says} is refused, with the nearest known`, () => {
    const fault = shapeFaultsOf(menu).find((one) => one.path === path)
    assert.match(fault?.message ?? '', near)
  })
}

test('an unknown type names the nearest, and nothing else is guessed', () => {
  assert.deepEqual(paths(faultsOf({ key: 'm', type: 'buttons', body: 1 })), ['type'])
  assert.match(faultsOf({ key: 'm', type: 'buttons' })[0]?.message ?? '', /Did you mean "button"\?/)
})

const WRONG_TYPES: [unknown, string[]][] = [
  [null, ['']],
  ['menu', ['']],
  [[], ['']],
  [button({ body: 5 }), ['body']],
  [button({ body: null }), ['body']],
  [button({ body: { text: 'x' } }), ['body']],
  [button({ buttons: {} }), ['buttons']],
  [button({ buttons: [null, 'x'] }), ['buttons[0]', 'buttons[1]']],
  [button({ header: 'Hello' }), ['header']],
  [button({ variables: ['a'] }), ['variables']],
  [button({ variables: { a: { sample: true, default: Number.NaN } } }), ['variables.a.sample', 'variables.a.default']],
  [button({ owner: 'me' }), ['owner']],
  [list({ sections: [{ rows: 'x' }] }), ['sections[0].rows']],
  [{ key: 't', type: 'template', template: { name: 'a', language: 'en', components: [() => 1] } }, ['template.components[0]']],
  [{ key: 7, type: 'text', body: 'x' }, ['key']],
]
for (const [menu, expected] of WRONG_TYPES) {
  test(`a wrong type is one fault where it is: ${expected.join(', ') || 'the whole'} of ${JSON.stringify(menu)?.slice(0, 60)}`, () => {
    assert.deepEqual(paths(shapeFaultsOf(menu)), expected)
    assert.ok(faultsOf(menu).length >= expected.length)
  })
}

test('an unfinished draft has a right shape, and is no menu to publish', () => {
  const draft = list({ body: '', button: '', sections: [{ title: '', rows: [{ id: '', title: '' }] }, {}] })
  assert.deepEqual(shapeFaultsOf(draft), [])
  assert.ok(faultsOf(draft).length > 4)
})

const BRACES: [text: string, right: boolean][] = [
  ['{{order}}', true],
  ['{{ order }} and {{_x1}}', true],
  ['{order}', true],
  ['no braces', true],
  ['{{order', false],
  ['{{}}', false],
  ['{{Order}}', false],
  ['{{first name}}', false],
  ['{{1st}}', false],
  ['{{{order}}}', false],
  ['order}}', false],
  ['{{a}} }}', false],
  ['{{a {{b}}', false],
]
for (const [text, right] of BRACES) {
  test(`the braces of "${text}" are ${right ? 'right' : 'refused'}`, () =>
    assert.deepEqual(faultPaths(button({ body: text })).slice(0, 1), right ? [] : ['body']))
}

test('words that are too long even without their variables are a fault, and so are those that their samples or defaults make too long', () => {
  const title = (text: string, variables: unknown) =>
    faultsOf(button({ buttons: [{ id: 'a', title: text }], variables })).map((fault) => [fault.path, fault.actual])

  assert.deepEqual(title(`${x(20)}{{a}}`, {}), [])
  assert.deepEqual(title(`${x(21)}{{a}}`, {}), [['buttons[0].title', 21]])
  assert.deepEqual(title('Order {{a}}', { a: { sample: x(14) } }), [])
  assert.deepEqual(title('Order {{a}}', { a: { sample: x(15) } }), [['buttons[0].title', 21]])
  assert.deepEqual(title('Order {{a}}', { a: { sample: 'x', default: x(15) } }), [['buttons[0].title', 21]])
  assert.deepEqual(title('{{a}}', { a: { sample: '' } }), [])
})

test('a variable may stand in an address only behind the host', () => {
  const url = (address: string) => faultPaths(ctaUrl({ buttons: [{ title: 'A', url: address }] }))
  assert.deepEqual(url('https://shop.example/{{order}}?x={{y}}'), [])
  assert.deepEqual(url('https://shop.example?x={{y}}'), [])
  for (const address of [
    '{{url}}',
    'https://{{host}}/',
    'https://shop{{x}}.example/',
    'https://shop.example:{{port}}/',
    'https://shop.example{{path}}',
    'javascript:{{x}}',
    '{{scheme}}://shop.example/',
  ]) {
    assert.deepEqual(url(address), ['buttons[0].url'], address)
  }
})

const EACH: [says: string, section: unknown, expected: string[]][] = [
  ['with a pattern', { each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}' } }, []],
  ['beside a fixed row, with words for no data', { each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}' }, rows: rows(9), empty: 'Nothing free' }, []],
  ['beside so many rows that none has room', { each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}' }, rows: rows(10) }, ['sections']],
  ['without a pattern', { each: 'slots' }, ['sections[0].row']],
  ['whose ids would all be the same', { each: 'slots', row: { id: 'slot', title: '{{time}}' } }, ['sections[0].row.id']],
  ['from an array that cannot be named so', { each: 'Slots!', row: { id: '{{id}}', title: '{{time}}' } }, ['sections[0].each']],
  ['without the name of an array', { row: { id: '{{id}}', title: '{{time}}' }, rows: rows(1), empty: 'x' }, ['sections[0].row', 'sections[0].empty']],
]
for (const [says, section, expected] of EACH) test(`rows from data ${says}`, () => assert.deepEqual(faultPaths(list({ sections: [section] })), expected))

test('an array cannot be a word in a text, and has no sample', () => {
  const sections = [{ each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}' } }]
  assert.deepEqual(faultPaths(list({ body: 'Free: {{slots}}', sections })), ['sections'])
  assert.deepEqual(faultPaths(list({ sections, variables: { slots: { sample: 'x' }, time: { sample: '9:00' } } })), ['variables.slots'])
})

test('names of variables that JavaScript knows too are ordinary names', () => {
  assert.deepEqual(
    faultPaths(
      JSON.parse('{"key":"m","type":"text","body":"{{__proto__}} {{constructor}}","variables":{"__proto__":{"sample":"a"},"constructor":{"default":"b"}}}'),
    ),
    [],
  )
})

test('what was checked is a copy: changing the original afterwards changes nothing', () => {
  const original = button({ template: { name: 'a', language: 'en', components: [{ text: 'x' }] } })
  const menu = checkMenu(original)
  assert.deepEqual(menu, original)
  ;(original.buttons as unknown[]).length = 0
  assert.equal(menu.type === 'button' && menu.buttons.length, 2)
})

test('a hostile value gives a few faults, soon, and never anything but faults', () => {
  const loop: unknown[] = []
  loop.push(loop)
  const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`)
  const throwing = {
    key: 'm',
    type: 'text',
    get body(): string {
      throw new Error('no')
    },
  }
  const hostile = [
    button({ buttons: Array.from({ length: 200_000 }, () => ({})) }),
    button({ body: 'x'.repeat(4_000_000) }),
    button({ body: '{{'.repeat(100_000) }),
    button({ body: '{{a'.repeat(100_000) }),
    button({ body: ' '.repeat(100_000) }),
    button({ ['f'.repeat(100_000)]: 1 }),
    button({ variables: Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`V${index}`, 1])) }),
    { key: 't', type: 'template', template: { name: 'a', language: 'en', components: loop } },
    { key: 't', type: 'template', template: { name: 'a', language: 'en', components: deep } },
    throwing,
    new Proxy(
      {},
      {
        ownKeys() {
          throw new WaError('WA_INTERNAL', 'no')
        },
      },
    ),
  ]
  for (const value of hostile) {
    const faults = faultsOf(value)
    assert.ok(faults.length > 0 && faults.length <= 400)
    for (const fault of faults) assert.ok(fault.message.length < 1000 && JSON.stringify(fault).length < 3000)
  }
})

test('an error names the menu and shows the first ten faults of many', () => {
  assert.throws(
    () => checkMenu(list({ key: 'long', sections: [{ rows: rows(10).map((row) => ({ ...row, title: x(25), description: x(73) })) }] })),
    (error: WaError) =>
      error.faults.length === 29 && error.message.startsWith('Menu "long": Row 1 title is 25 characters') && error.message.endsWith('And 19 more.'),
  )
})
