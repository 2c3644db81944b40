import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { engines, type TestEngine } from '../support/databases'
import { build, runOn } from './rig/run'

/** How many processes die: few on every push, WA_TEST_KILLS of them in `npm run test:long`. */
const LONG = Number(process.env.WA_TEST_KILLS) || null
const killsOn = (engine: TestEngine): number => LONG ?? (engine.name === 'sqlite' ? 20 : 5)

before(build)

for (const engine of engines()) {
  for (const instances of [1, 2]) {
    const kills = killsOn(engine)
    test(`${engine.name}: ${kills} kills of ${instances} ${instances === 1 ? 'instance' : 'instances'} lose no word and double no message`, {
      skip: engine.skip,
      timeout: 120_000 + kills * 5000,
    }, async (t) => {
      const outcome = await runOn(t, engine, { instances, kills })

      assert.deepEqual(outcome.breaches, [])
      assert.ok(outcome.acked > kills, 'there was load')
    })
  }
}
