import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { inboundBody } from '../fakes/fake-exotel'
import { engines, type TestEngine } from '../support/databases'
import { lapseLeasesOf, lookInto, openWork } from './rig/database'
import { listeners } from './rig/hosts'
import { type Instance, startInstance } from './rig/instances'
import { postWebhook } from './rig/load'
import { rigProvider } from './rig/provider'
import { pause } from './rig/random'
import { build } from './rig/run'

const [sqlite] = engines() as [TestEngine]

before(build)

test('an event that ends its process goes to a person after five of them, and takes no other with it', { timeout: 120_000 }, async () => {
  const database = await sqlite.open()
  const db = lookInto(database.url)
  const provider = await rigProvider(
    () => 0.99,
    async () => {},
  )
  let host: Instance = startInstance(listeners, database.url, provider.url)
  const says = async (from: string, text: string): Promise<void> => {
    const body = inboundBody({ sid: text, from, timestamp: new Date().toISOString(), content: { type: 'text', text: { body: text } } })
    while ((await postWebhook(() => host.port, body)) !== 200) await pause(50)
  }
  let restarts = 0
  let going = true
  /** Like a container's supervisor: whenever it ends, it is started again. */
  const supervise = async (): Promise<void> => {
    for (;;) {
      await host.ended
      if (!going) return
      await lapseLeasesOf(db, host.pid)
      restarts++
      host = startInstance(listeners, database.url, provider.url)
    }
  }
  const supervised = supervise()
  try {
    await host.ready
    const others = Array.from({ length: 9 }, (_, n) => says(`9198000001${n + 10}`, `word m${n * 9 + 5}`))
    await Promise.all([...others, says('919800000199', 'poison m1')])

    while ((await openWork(db)) > 0 && restarts < 9) await pause(50)

    const rows = (await db('wa_events as e').join('wa_messages as m', 'm.id', 'e.message_id').select('e.state', 'e.error', 'm.text')) as {
      state: string
      error: string | null
      text: string
    }[]
    const poison = rows.find((row) => row.text === 'poison m1')
    assert.equal(poison?.state, 'needs_attention')
    assert.match(poison?.error ?? '', /process ended during handler/)
    assert.deepEqual([...new Set(rows.filter((row) => row !== poison).map((row) => row.state))], ['done'])
    assert.equal(restarts, 5)
  } finally {
    going = false
    await host.kill('SIGKILL')
    await supervised
    await provider.close()
    await db.destroy()
    await database.drop()
  }
})
