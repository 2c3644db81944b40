import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListMenu, MenuSpec } from '../../lib/model/menu'
import { undeclaredIn } from '../../lib/model/undeclared'

const declared: ListMenu = {
  key: 'slots',
  type: 'list',
  body: 'Free on {{day}}:',
  button: 'See',
  variables: { city: { sample: 'Pune' } },
  sections: [{ each: 'slots', row: { id: 'slot:{{id}}', title: '{{time}}' } }],
}
const [section] = declared.sections

const cases: [title: string, menu: MenuSpec, paths: string[]][] = [
  ['a subset of what the code gives', { ...declared, body: 'Free:' }, []],
  ['what is declared and not yet used', { ...declared, body: 'In {{city}}' }, []],
  ['a new variable', { ...declared, body: '{{who}}, free on {{day}}:' }, ['variables.who']],
  ['a new variable with a default', { ...declared, body: '{{who}}', variables: { who: { default: 'Hi' } } }, []],
  ['a new variable with a sample only', { ...declared, body: '{{who}}', variables: { who: { sample: 'Hi' } } }, ['variables.who']],
  ['a list that the code does not pass', { ...declared, sections: [{ ...section, each: 'times' }] }, ['sections']],
  ['a field that the items do not have', { ...declared, sections: [{ ...section, row: { id: 'slot:{{id}}', title: '{{place}}' } }] }, ['variables.place']],
  ['a field that the whole menu has', { ...declared, sections: [{ ...section, row: { id: 'slot:{{id}}', title: '{{day}}' } }] }, []],
]
for (const [title, menu, paths] of cases)
  test(`known to the code: ${title}`, () => {
    assert.deepEqual(
      undeclaredIn(menu, declared).map((fault) => fault.path),
      paths,
    )
  })
