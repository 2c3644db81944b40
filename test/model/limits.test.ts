import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultsOf } from '../../lib/model/check'
import { codePoints, LIMITS } from '../../lib/model/limits'
import { lint } from '../../lib/model/lint'
import type { MenuSpec } from '../../lib/model/menu'
import { button, CHARACTERS, ctaPhone, ctaUrl, faultPaths, list, options, rows, titled, x } from './samples'

const row = (changes: Record<string, unknown>) => list({ sections: [{ rows: [{ id: 'a', title: 'A', ...changes }] }] })
const image = (header: Record<string, unknown>) => button({ header: { type: 'image', ...header } })
const link = 'https://cdn.example/a.jpg'
const two = { name: 'two_links', language: 'en' }

/** The boundary table of both providers' documentation: on this side of the limit, and on the other with the path of the fault. */
const BOUNDARIES: [rule: string, ok: unknown[], bad: [unknown, string][]][] = [
  [
    '1 to 3 buttons',
    [button({ buttons: options(1) }), button({ buttons: options(3) })],
    [
      [button({ buttons: [] }), 'buttons'],
      [button({ buttons: options(4) }), 'buttons'],
    ],
  ],
  ['a button title of up to 20', [titled(x(20))], [[titled(x(21)), 'buttons[0].title']]],
  [
    'a button title that is not empty',
    [titled('A')],
    [
      [titled(''), 'buttons[0].title'],
      [titled('   '), 'buttons[0].title'],
      [titled('\u200B'), 'buttons[0].title'],
    ],
  ],
  [
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
    'button ids that differ',
    [button()],
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
  ['a button id of up to 256', [button({ buttons: [{ id: x(256), title: 'A' }] })], [[button({ buttons: [{ id: x(257), title: 'A' }] }), 'buttons[0].id']]],
  [
    'a button id without spaces at its ends',
    [button({ buttons: [{ id: 'a b', title: 'A' }] })],
    [' a', 'a ', ''].map((id): [unknown, string] => [button({ buttons: [{ id, title: 'A' }] }), 'buttons[0].id']),
  ],
  [
    'a body of 1 to 1024 over buttons',
    [button({ body: x(1024) })],
    [
      [button({ body: '' }), 'body'],
      [button({ body: x(1025) }), 'body'],
      [button({ body: undefined }), 'body'],
    ],
  ],
  [
    'a header text of 1 to 60',
    [button({ header: { type: 'text', text: x(60) } })],
    [
      [button({ header: { type: 'text', text: x(61) } }), 'header.text'],
      [button({ header: { type: 'text', text: '' } }), 'header.text'],
    ],
  ],
  [
    'header types, with exactly one of link and id',
    [image({ link }), image({ id: '123' }), button({ header: { type: 'video', link } }), button({ header: { type: 'document', link, filename: 'a.pdf' } })],
    [
      [button({ header: { type: 'audio', link } }), 'header.type'],
      [button({ header: { type: 'sticker', link } }), 'header.type'],
      [image({}), 'header'],
      [image({ link, id: '1' }), 'header'],
    ],
  ],
  ['a footer of up to 60', [button({ footer: x(60) }), button({ footer: undefined }), button({ footer: '' })], [[button({ footer: x(61) }), 'footer']]],
  [
    'a list button of 1 to 20',
    [list({ button: x(20) })],
    [
      [list({ button: x(21) }), 'button'],
      [list({ button: '' }), 'button'],
    ],
  ],
  [
    '1 to 10 sections',
    [list({ sections: rows(10).map((one, index) => ({ title: `S${index}`, rows: [one] })) })],
    [
      [list({ sections: [] }), 'sections'],
      [list({ sections: rows(11).map((one, index) => ({ title: `S${index}`, rows: [one] })) }), 'sections'],
    ],
  ],
  [
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
  [
    'sections that have rows',
    [list()],
    [
      [list({ sections: [{ rows: [] }] }), 'sections[0].rows'],
      [list({ sections: [{ title: 'x' }] }), 'sections[0].rows'],
    ],
  ],
  [
    'a section title of up to 24',
    [list({ sections: [{ title: x(24), rows: rows(1) }] })],
    [[list({ sections: [{ title: x(25), rows: rows(1) }] }), 'sections[0].title']],
  ],
  [
    'a section title as soon as there are two',
    [list({ sections: [{ rows: rows(1) }] })],
    [[list({ sections: [{ title: 'A', rows: rows(1) }, { rows: rows(1, 1) }] }), 'sections[1].title']],
  ],
  [
    'a row title of 1 to 24',
    [row({ title: x(24) })],
    [
      [row({ title: x(25) }), 'sections[0].rows[0].title'],
      [row({ title: '' }), 'sections[0].rows[0].title'],
    ],
  ],
  [
    'a row description of up to 72',
    [row({ description: x(72) }), row({}), row({ description: '' })],
    [[row({ description: x(73) }), 'sections[0].rows[0].description']],
  ],
  [
    'a row id of 1 to 200',
    [row({ id: x(200) })],
    [
      [row({ id: x(201) }), 'sections[0].rows[0].id'],
      [row({ id: '' }), 'sections[0].rows[0].id'],
    ],
  ],
  [
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
  [
    'rows that can be told apart',
    [
      list({
        sections: [
          {
            rows: [
              { id: 'a', title: '9:00', description: 'Rao' },
              { id: 'b', title: '9:00', description: 'Das' },
            ],
          },
        ],
      }),
    ],
    [
      [
        list({
          sections: [
            {
              rows: [
                { id: 'a', title: '9:00' },
                { id: 'b', title: '9:00' },
              ],
            },
          ],
        }),
        'sections[0].rows[1].title',
      ],
    ],
  ],
  ['a list header of text only', [list({ header: { type: 'text', text: 'x' } })], [[list({ header: { type: 'image', link } }), 'header.type']]],
  ['a body of up to 1024 over lists', [list({ body: x(1024) })], [[list({ body: x(1025) }), 'body']]],
  [
    'a text of 1 to 4096',
    [{ key: 't', type: 'text', body: x(4096) }],
    [
      [{ key: 't', type: 'text', body: x(4097) }, 'body'],
      [{ key: 't', type: 'text', body: '' }, 'body'],
    ],
  ],
  ['a URL label of up to 20', [ctaUrl({ buttons: [{ title: x(20), url: link }] })], [[ctaUrl({ buttons: [{ title: x(21), url: link }] }), 'buttons[0].title']]],
  [
    'one URL button, or two that leave as a template',
    [
      ctaUrl(),
      ctaUrl({
        template: two,
        buttons: [
          { title: 'A', url: link },
          { title: 'B', url: link },
        ],
      }),
    ],
    [
      [
        ctaUrl({
          buttons: [
            { title: 'A', url: link },
            { title: 'B', url: link },
          ],
        }),
        'buttons',
      ],
      [ctaUrl({ buttons: [] }), 'buttons'],
      [ctaUrl({ template: two, buttons: ['A', 'B', 'C'].map((title) => ({ title, url: link })) }), 'buttons'],
    ],
  ],
  [
    'addresses that a browser opens, on machines a customer can reach',
    ['https://shop.example/a?b=c#d', 'http://shop.example', 'HTTPS://Shop.Example/', 'https://8.8.8.8/x', 'https://x/i.pdf'].map((url) =>
      ctaUrl({ buttons: [{ title: 'A', url }] }),
    ),
    [
      'javascript:alert(1)',
      'java\nscript:alert(1)',
      'data:text/html,x',
      'tel:+911140000000',
      'mailto:a@b.example',
      '/orders/1',
      'shop.example',
      '//shop.example',
      'https:shop.example',
      'https://',
      '',
      'https://a b.example/',
      'https://user:secret@shop.example/',
      'https://user@shop.example/',
      'https://localhost/',
      'https://shop.localhost/',
      'https://127.0.0.1/',
      'https://0x7f.1/',
      'https://2130706433/',
      'https://10.1.2.3/',
      'https://172.16.0.1/',
      'https://192.168.1.1/',
      'https://169.254.169.254/latest',
      'https://100.64.0.1/',
      'https://0.0.0.0/',
      'https://[::1]/',
      'https://[::]/',
      'https://[fd00::1]/',
      'https://[fe80::1]/',
      'https://[::ffff:127.0.0.1]/',
      `https://shop.example/${x(2000)}`,
    ].map((url): [unknown, string] => [ctaUrl({ buttons: [{ title: 'A', url }] }), 'buttons[0].url']),
  ],
  [
    'media over https',
    [image({ link })],
    [
      [image({ link: 'http://cdn.example/a.jpg' }), 'header.link'],
      [image({ link: 'https://10.0.0.1/a.jpg' }), 'header.link'],
      [image({ link: 'a.jpg' }), 'header.link'],
    ],
  ],
  [
    'a template label of up to 25',
    [ctaPhone({ buttons: [{ title: x(25), phone: '+911140000000' }] })],
    [[ctaPhone({ buttons: [{ title: x(26), phone: '+911140000000' }] }), 'buttons[0].title']],
  ],
  [
    'one phone button, in a template',
    [ctaPhone()],
    [
      [ctaPhone({ template: undefined }), 'template'],
      [ctaPhone({ buttons: [] }), 'buttons'],
      [ctaPhone({ buttons: ['1', '2'].map((title) => ({ title, phone: '+911140000000' })) }), 'buttons'],
    ],
  ],
  [
    'an international number behind a phone button',
    [ctaPhone({ buttons: [{ title: 'A', phone: '+91 11 4000 0000' }] }), ctaPhone({ buttons: [{ title: 'A', phone: '{{desk}}' }] })],
    ['9800000001', '+0123456789', 'call me', '', `+91${'1'.repeat(19)}`].map((phone): [unknown, string] => [
      ctaPhone({ buttons: [{ title: 'A', phone }] }),
      'buttons[0].phone',
    ]),
  ],
  [
    'a template by name and language',
    [
      {
        key: 't',
        type: 'template',
        template: { name: 'booking_reminder', language: 'en_US', components: [{ type: 'body', parameters: [{ type: 'text', text: '{{name}}' }] }] },
      },
    ],
    [
      [{ key: 't', type: 'template', template: { name: 'Booking Reminder', language: 'en' } }, 'template.name'],
      [{ key: 't', type: 'template', template: { name: '', language: 'en' } }, 'template.name'],
      [{ key: 't', type: 'template', template: { name: 'a', language: 'english please' } }, 'template.language'],
      [{ key: 't', type: 'template' }, 'template'],
      [{ key: 't', type: 'template', template: { name: 'a', language: 'en', components: [{ text: '{{oops' }] } }, 'template.components'],
    ],
  ],
]

for (const [rule, ok, bad] of BOUNDARIES) {
  test(`WhatsApp takes ${rule}`, () => {
    for (const menu of ok) assert.deepEqual(faultsOf(menu), [], JSON.stringify(menu).slice(0, 200))
    for (const [menu, path] of bad) {
      const faults = faultsOf(menu)
      assert.ok(
        faults.some((fault) => fault.path === path),
        `${path} expected for ${JSON.stringify(menu).slice(0, 200)}, got ${JSON.stringify(faults)}`,
      )
      assert.deepEqual([...new Set(faults.map((fault) => fault.path))], [path], 'one mistake, one place')
    }
  })
}

for (const [text, points, units, verdict] of CHARACTERS) {
  test(`a label of ${points} code points and ${units} UTF-16 units: ${verdict} ("${text.slice(0, 12)}…")`, () => {
    assert.equal(codePoints(text), points)
    assert.equal(text.length, units)
    assert.equal(faultPaths(titled(text)).length > 0, verdict === 'reject')
    assert.equal(
      lint(titled(text) as unknown as MenuSpec).some((finding) => finding.rule === 'emoji-length'),
      verdict === 'warn',
    )
  })
}

test('every number stands in the table once, and is a whole number', () => {
  for (const [name, limit] of Object.entries(LIMITS)) assert.ok(Number.isInteger(limit) && limit > 0, name)
})
