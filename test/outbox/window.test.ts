import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { slidingWindow } from '../../lib/outbox/window'

test('the places that are free now are as many as can be taken without a wait, for every rate and every history', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.integer({ min: 1, max: 40 }), fc.double({ min: 0.1, max: 3, noNaN: true })),
      fc.array(fc.record({ later: fc.nat(700), takes: fc.nat(30) }), { maxLength: 20 }),
      (perSecond, history) => {
        const window = slidingWindow(perSecond)
        let now = 0
        for (const { later, takes } of history) {
          now += later
          for (let nth = 0; nth < takes; nth++) {
            const free = window.free(now)
            assert.equal(window.take(now) <= now, free > 0)
            if (free > 0) assert.equal(window.free(now), free - 1)
          }
        }
      },
    ),
  )
})
