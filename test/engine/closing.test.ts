import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waInteractive } from '../../lib/index'
import { testOptions } from '../../lib/testing'
import { engineOf } from '../support/wire-host'

test('who is closed while it restarts stays closed, and leaves no database open', async () => {
  const { control: _control, ...options } = testOptions()
  const wa = waInteractive(options)
  await wa.start()
  const engine = engineOf(wa)
  const restarted = engine.restart()
  const closed = wa.close()
  await Promise.all([restarted, closed])

  assert.equal(engine.state, 'closed')
  assert.throws(() => engine.db, /is closed/)
})

test('who is closed right after a restart that runs is closed, and starts no more', async () => {
  const { control: _control, ...options } = testOptions()
  const wa = waInteractive(options)
  await wa.start()
  const engine = engineOf(wa)
  await engine.restart()
  assert.equal(engine.state, 'ready')
  const again = engine.restart()
  await new Promise(setImmediate)
  await wa.close()
  await again

  assert.equal(engine.state, 'closed')
  await assert.rejects(wa.start(), /is closed/)
})
