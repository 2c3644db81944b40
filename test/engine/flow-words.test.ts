import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Flow } from '../../lib/flows/types'
import { flow, Retry, waInteractive } from '../../lib/index'
import { testOptions, testPhone } from '../../lib/testing'

test('the same words of a step that is taken twice, and of another flow, are said each time; once however often the attempt fails', async () => {
  const { control, ...options } = testOptions()
  let failures = 0
  const first: Flow = flow('first', {
    start: async ({ say, go, start, data }) => {
      await say('Hello')
      const rounds = Number(data.rounds ?? 0) + 1
      data.rounds = rounds
      return rounds < 2 ? go('start') : start(second)
    },
  })
  const second: Flow = flow('second', {
    start: async ({ say, end }) => {
      await say('Hello')
      if (failures++ === 0) throw new Retry({ afterMs: 1000 })
      return end()
    },
  })
  await using wa = waInteractive({ flows: [first, second], ...options })
  wa.on('text', ({ start }) => start(first))
  const asha = testPhone(wa, { phone: '+919800000001' })

  await asha.says('hi')
  await control.clock.advance(2000)

  assert.equal(failures, 2)
  assert.deepEqual(
    asha.screen().map(({ text }) => text),
    ['Hello', 'Hello', 'Hello'],
  )
})
