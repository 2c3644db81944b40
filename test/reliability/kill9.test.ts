import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { engines, type TestEngine } from '../support/databases'
import { type Host, listeners, orderDesk } from './rig/hosts'
import { build, runOn } from './rig/run'

/** How many processes die: few on every push, WA_TEST_KILLS of them in `npm run test:long`. */
const LONG = Number(process.env.WA_TEST_KILLS) || null
const killsOn = (engine: TestEngine): number => LONG ?? (engine.name === 'sqlite' ? 20 : 5)

before(build)

for (const engine of engines()) {
  for (const instances of [1, 2]) killing('the order desk', orderDesk, instances, killsOn(engine))
  killing('a host whose listeners fail', listeners, 2, LONG ?? 5)

  function killing(name: string, host: Host, instances: number, kills: number): void {
    test(`${engine.name}: ${kills} kills of ${name}, ${instances} ${instances === 1 ? 'instance' : 'instances'}, lose no word and double no message`, {
      skip: engine.skip,
      timeout: 120_000 + kills * 5000,
    }, async (t) => {
      const patient = LONG !== null || (engine.name === 'sqlite' && instances === 1)
      const outcome = await runOn(t, engine, { host, instances, kills, patient })

      assert.deepEqual(outcome.breaches, [])
      assert.ok(outcome.acked > kills, 'there was load')
      if (patient) assert.ok(outcome.unanswered > 0, 'somebody was waited for in vain')
    })
  }
}
