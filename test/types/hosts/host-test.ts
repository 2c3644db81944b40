// A host's own test. Compiled, never run: its name is no test's.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { list, waInteractive } from 'wa-interactive'
import { testOptions, testPhone } from 'wa-interactive/testing'

const help = list('help', { body: 'Topic?', button: 'Select', sections: [{ rows: [{ id: 'agent', title: 'Talk to an agent' }] }] })
test('agent', async () => {
  const { control, ...options } = testOptions()
  await using wa = waInteractive({ menus: [help], ...options })
  const asha = testPhone(wa, { phone: '+911', name: 'Asha' }),
    ravi = testPhone(wa, { phone: null, bsuid: 'IN.1' })
  await asha.says('hi')
  await ravi.says('hi')
  control.provider.failNext(131047)
  await asha.taps('agent', { deliveredTwice: true })
  await control.clock.advance(25 * 36e5)
  await control.restart()
  assert.equal(asha.last().menu, 'help')
})
