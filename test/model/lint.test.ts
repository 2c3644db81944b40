import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultsOf } from '../../lib/model/check'
import { lint, patched, RULES } from '../../lib/model/lint'
import type { MenuSpec } from '../../lib/model/menu'
import { button, ctaPhone, ctaUrl, list, options, rows, titled, x } from './samples'

const described = (count: number) => rows(count).map((row) => ({ ...row, description: 'What it does' }))
const good = (changes: Record<string, unknown> = {}) => list({ footer: 'Reply AGENT to talk to a human', sections: [{ rows: described(4) }], ...changes })
const fromData = { each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}' } }
const samples = { id: { sample: '1' }, time: { sample: '9:00' } }

const CASES: [says: string, menu: unknown, findings: [rule: keyof typeof RULES, path: string][]][] = [
  ['a good list', good(), []],
  [
    'a good question',
    button({
      body: 'Cancel it?',
      buttons: [
        { id: 'y', title: 'Yes, cancel' },
        { id: 'n', title: 'No, keep it' },
      ],
    }),
    [],
  ],
  ['a title of many words', titled('Please do cancel it'), [['short-label', 'buttons[0].title']]],
  ['the way out that lint itself asks for, as a button', titled('Talk to a person'), []],
  ['four buttons', button({ buttons: options(4) }), [['list-for-many', 'buttons']]],
  [
    'a list of two plain rows',
    good({ sections: [{ rows: rows(2) }] }),
    [
      ['buttons-for-few', 'sections'],
      ['row-description', 'sections[0].rows[0].description'],
      ['row-description', 'sections[0].rows[1].description'],
    ],
  ],
  [
    'a row without a description',
    good({ sections: [{ rows: [...described(3), { id: 'z', title: 'Zebra' }] }] }),
    [['row-description', 'sections[0].rows[3].description']],
  ],
  ['a row that has no title yet', good({ sections: [{ rows: [...described(3), { id: 'z', title: ' ' }] }] }), []],
  ['six rows in one section', good({ sections: [{ rows: described(6) }] }), [['list-sections', 'sections']]],
  [
    'no way to a person, nothing to type',
    good({ footer: 'Open 9 to 5' }),
    [
      ['way-out', 'sections'],
      ['typed-answer', 'footer'],
    ],
  ],
  ['a way out in a row', good({ footer: 'Or write to us', sections: [{ rows: [...described(3), { id: 'agent', title: 'Talk to us' }] }] }), []],
  [
    'a way out that is not last',
    good({ footer: 'Or write to us', sections: [{ rows: [{ id: 'agent', title: 'Talk to us' }, ...described(3)] }] }),
    [['way-out-last', 'sections[0].rows[0]']],
  ],
  ['a URL button', ctaUrl(), [['unseen-tap', 'buttons']]],
  [
    'an address that is not encrypted',
    ctaUrl({ buttons: [{ title: 'Open', url: 'http://shop.example/' }] }),
    [
      ['unseen-tap', 'buttons'],
      ['plain-http', 'buttons[0].url'],
    ],
  ],
  [
    'two URL buttons',
    ctaUrl({ buttons: ['A', 'B'].map((title) => ({ title, url: 'https://shop.example/' })) }),
    [
      ['unseen-tap', 'buttons'],
      ['sent-as-template', 'template'],
    ],
  ],
  ['a phone button', ctaPhone(), [['sent-as-template', 'template']]],
  ['emoji that may count double', titled(`🔎${x(19)}`), [['emoji-length', 'buttons[0].title']]],
  ['a line break in a label', titled('Yes,\nplease'), [['line-break', 'buttons[0].title']]],
  [
    'signs of bold in a header, where they do not work',
    button({ header: { type: 'text', text: '*Sale* today' }, body: '*Bold* works here' }),
    [['no-markdown', 'header.text']],
  ],
  ['an invisible character', button({ body: 'Hello\u202Eolleh' }), [['invisible-character', 'body']]],
  ['a word in single braces', button({ body: 'Hi {name}' }), [['single-braces', 'body']]],
  [
    'titles that look alike',
    button({
      buttons: [
        { id: 'a', title: 'Yes!' },
        { id: 'b', title: 'yes' },
      ],
    }),
    [['similar-titles', 'buttons[1].title']],
  ],
  ['a variable without a sample', button({ body: 'Hi {{name}}' }), [['no-sample', 'variables.name']]],
  ['a variable that nothing uses', button({ variables: { name: { sample: 'Asha' } } }), [['unused-variable', 'variables.name']]],
  [
    'a variable with little room',
    button({ buttons: [{ id: 'a', title: 'Order number {{n}}' }], variables: { n: { sample: 1 } } }),
    [['little-room', 'buttons[0].title']],
  ],
  [
    'rows from data without words for none',
    good({ variables: samples, sections: [fromData] }),
    [
      ['rows-from-data', 'sections[0].each'],
      ['rows-from-data', 'sections[0].empty'],
    ],
  ],
  ['rows from data beside others', good({ variables: samples, sections: [{ ...fromData, rows: described(2) }] }), [['rows-from-data', 'sections[0].each']]],
  [
    'a draft that is hardly begun',
    { key: 'd', type: 'list' },
    [
      ['way-out', 'sections'],
      ['typed-answer', 'footer'],
    ],
  ],
  ['a template', { key: 't', type: 'template', template: { name: 'a', language: 'en' } }, []],
  ['what is no menu', null, []],
]
for (const [says, menu, findings] of CASES) {
  test(`lint of ${says}: ${findings.map(([rule]) => rule).join(', ') || 'nothing'}`, () => {
    assert.deepEqual(
      lint(menu as MenuSpec).map(({ rule, path }) => [rule, path]),
      findings,
    )
  })
}

test('every rule has a case', () => {
  const seen = new Set(CASES.flatMap(([, , findings]) => findings.map(([rule]) => rule)))
  assert.deepEqual(
    Object.keys(RULES).filter((rule) => !seen.has(rule as keyof typeof RULES)),
    [],
  )
})

const FIXES: [rule: keyof typeof RULES, menu: unknown, type: string][] = [
  ['list-for-many', button({ header: { type: 'image', link: 'https://cdn.example/a.jpg' }, buttons: options(4) }), 'list'],
  ['buttons-for-few', good({ sections: [{ rows: rows(3) }] }), 'button'],
  ['way-out', good({ footer: undefined }), 'list'],
  ['plain-http', ctaUrl({ buttons: [{ title: 'Open', url: 'http://shop.example/' }] }), 'cta_url'],
]
for (const [rule, menu, type] of FIXES) {
  test(`the fix for ${rule} makes a menu that is right and no longer has the finding`, () => {
    const fix = lint(menu as MenuSpec).find((finding) => finding.rule === rule)?.fix
    assert.ok(fix)
    const fixed = patched(menu as MenuSpec, fix.patch)
    assert.equal(fixed.type, type)
    assert.deepEqual(faultsOf(fixed), [])
    assert.ok(!lint(fixed).some((finding) => finding.rule === rule))
  })
}
