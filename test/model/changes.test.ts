import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesBetween } from '../../lib/model/changes'
import type { ListMenu, MenuSpec } from '../../lib/model/menu'
import { titlesIn, wordsApart } from '../../lib/model/words-apart'

const list: ListMenu = {
  key: 'help',
  type: 'list',
  body: 'How can we help?',
  button: 'Topics',
  sections: [
    {
      title: 'Orders',
      rows: [
        { id: 'track', title: 'Track' },
        { id: 'cancel', title: 'Cancel' },
      ],
    },
    { title: 'People', rows: [{ id: 'agent', title: 'Talk to us' }] },
  ],
}
const [orders, people] = list.sections as [ListMenu['sections'][0], ListMenu['sections'][0]]
const [track, cancel] = orders.rows as [{ id: string; title: string }, { id: string; title: string }]

const cases: [title: string, after: MenuSpec, changes: [string, string | null, string | null][]][] = [
  ['nothing', structuredClone(list), []],
  ['a body', { ...list, body: 'Hi' }, [['Body', 'How can we help?', 'Hi']]],
  ['a footer that is new', { ...list, footer: 'Bye' }, [['Footer', null, 'Bye']]],
  ['a header that is a file', { ...list, header: { type: 'image', link: 'https://a.example/b.jpg' } }, [['Header', null, 'image: https://a.example/b.jpg']]],
  [
    'a title',
    { ...list, sections: [{ ...orders, rows: [{ ...track, title: 'Where is it?' }, cancel] }, people] },
    [['Title of row “Track”', 'Track', 'Where is it?']],
  ],
  [
    'a description',
    { ...list, sections: [{ ...orders, rows: [{ ...track, description: 'Live' }, cancel] }, people] },
    [['Description of “Track”', null, 'Live']],
  ],
  ['a row that goes', { ...list, sections: [{ ...orders, rows: [cancel] }, people] }, [['Removed row', 'Track (track)', null]]],
  ['a row that comes', { ...list, sections: [orders, { ...people, rows: [...(people.rows ?? []), { id: 'x', title: 'X' }] }] }, [['New row', null, 'X (x)']]],
  [
    'an id that is another',
    { ...list, sections: [{ ...orders, rows: [{ ...track, id: 'find' }, cancel] }, people] },
    [
      ['Removed row', 'Track (track)', null],
      ['New row', null, 'Track (find)'],
    ],
  ],
  [
    'the order',
    { ...list, sections: [{ ...orders, rows: [cancel, track] }, people] },
    [['Order', 'Track · Cancel · Talk to us', 'Cancel · Track · Talk to us']],
  ],
  [
    'another section',
    {
      ...list,
      sections: [
        { ...orders, rows: [cancel] },
        { ...people, rows: [track, ...(people.rows ?? [])] },
      ],
    },
    [['Section of “Track”', '“Orders”', '“People”']],
  ],
  ['a section that is renamed', { ...list, sections: [{ ...orders, title: 'My orders' }, people] }, [['Title of section 1', 'Orders', 'My orders']]],
  [
    'rows from data',
    { ...list, sections: [orders, { ...people, each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}' } }] },
    [
      ['Data of section “People”', null, 'slots'],
      ['New row from data', null, '{{time}} (slot:{{id}})'],
    ],
  ],
  ['a sample', { ...list, variables: { name: { sample: 'Asha' } } }, [['Sample of {{name}}', null, 'Asha']]],
  ['a template', { ...list, template: { name: 'help', language: 'en' } }, [['Approved template', null, 'help (en)']]],
]
for (const [title, after, changes] of cases)
  test(`told apart: ${title}`, () => {
    assert.deepEqual(
      changesBetween(list, after).map(({ what, from, to }) => [what, from, to]),
      changes,
    )
  })

test('a list that becomes buttons names its type, its button and its sections', () => {
  const after: MenuSpec = { key: 'help', type: 'button', body: list.body, buttons: [track, cancel] }

  assert.deepEqual(
    changesBetween(list, after).map(({ what }) => what),
    ['Type', 'Button that opens the list', 'Removed row'],
  )
})

test('of two texts the words that stayed, went and came', () => {
  assert.deepEqual(wordsApart('How can we help you?', 'How may we help?'), [
    { text: 'How ', kind: 'same' },
    { text: 'can', kind: 'gone' },
    { text: 'may', kind: 'new' },
    { text: ' we help', kind: 'same' },
    { text: ' you', kind: 'gone' },
    { text: '?', kind: 'same' },
  ])
  assert.deepEqual(wordsApart('Cancel Order · Refund Status · Other', 'Refund Status · Cancel Order · Other', titlesIn), [
    { text: 'Cancel Order · ', kind: 'gone' },
    { text: 'Refund Status · ', kind: 'same' },
    { text: 'Cancel Order · ', kind: 'new' },
    { text: 'Other', kind: 'same' },
  ])
  assert.equal(wordsApart('a '.repeat(2000), 'b').length, 2)
  assert.deepEqual(wordsApart('Welcome to our support center', 'Hello to you'), [
    { text: 'Welcome to our support center', kind: 'gone' },
    { text: 'Hello to you', kind: 'new' },
  ])
})
