import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDoor } from '../../lib/inbox/receive'
import { SILENT } from '../../lib/log'
import { TOKEN, wireHost } from '../support/wire-host'

test('of webhooks that come together half are stored while the other half is read, and one that comes alone waits for nobody', async () => {
  await using host = await wireHost('exotel', { worker: false })
  const batches: number[] = []
  const arrived = (conversations: readonly number[]): void => void batches.push(conversations.length)
  const { db, settled } = host.engine
  const door = createDoor({ db: () => db, providers: settled.lines, now: Date.now, log: SILENT, isAtOnce: () => false, arrived, refused() {}, heard() {} })
  let nth = 0
  const knock = async (): Promise<number> => {
    const content = { recipient_type: 'individual', type: 'text', text: { body: 'hi' } }
    const message = { callback_type: 'incoming_message', sid: `sid-${nth++}`, from: '+919800000001', to: '+911', content }
    const body = Buffer.from(JSON.stringify({ whatsapp: { messages: [message] } }))
    return (await door('default', { method: 'POST', headers: {}, query: new URLSearchParams({ token: TOKEN }), body })).status
  }
  const come = async (count: number): Promise<number[]> => {
    const answers: Promise<number>[] = []
    for (let one = 0; one < count; one++) {
      answers.push(knock())
      // Each request is read in a turn of its own.
      await null
    }
    return Promise.all(answers)
  }

  const answers = [await come(1), await come(16), await come(16), await come(1)].flat()
  // What was stored is told once it is answered.
  await new Promise((told) => setImmediate(told))

  assert.deepEqual(batches, [1, 1, 15, 8, 8, 1])
  assert.deepEqual(new Set(answers), new Set([200]))
})
