import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buttons, waInteractive } from '../../lib/index'
import { archiveMenu } from '../../lib/store/menus'
import { testOptions } from '../../lib/testing'
import { engineOf } from '../support/wire-host'

test('a start says once which of its menus staff have archived, and how they come back', async (t) => {
  const said: string[] = []
  const logger = { debug() {}, info() {}, error() {}, warn: (about: object, words: string) => void said.push(`${JSON.stringify(about)} ${words}`) }
  const { control: _control, ...options } = testOptions()
  const one = (key: string) => buttons(key, { body: 'Sure?', buttons: [{ id: 'yes', title: 'Yes' }] })
  const wa = waInteractive({ ...options, logger, menus: [one('kept'), one('gone')] })
  t.after(() => wa.close())
  await wa.start()
  const { db, now } = engineOf(wa)
  await archiveMenu(db, 'gone', true, { id: 'u1', name: 'Ravi' }, now())
  assert.deepEqual(said, [])

  await engineOf(wa).restart()
  const first = said.splice(0)
  await archiveMenu(engineOf(wa).db, 'gone', false, { id: 'u1', name: 'Ravi' }, now())
  await engineOf(wa).restart()

  assert.deepEqual(first, [
    '{"menu":"gone"} The code declares menu "gone", but staff archived it, so sending it is refused. Restore it in the dashboard: Menus, Archived, Restore.',
  ])
  assert.deepEqual(said, [])
})
