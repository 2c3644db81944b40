import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDoor } from '../../lib/inbox/receive'
import { SILENT } from '../../lib/log'
import type { Db } from '../../lib/store/database'
import { TOKEN, wireHost } from '../support/wire-host'

/** A body that carries no id, so that it is stored with care, item by item, within a transaction. */
const BODY = Buffer.from(JSON.stringify({ from: '+919800000001', type: 'text', text: { body: 'hi' } }))

/** A database whose next transactions fail as they are told, one after the other, and then work. */
const troubled = (db: Db, ...codes: string[]): Db => ({
  ...db,
  tx: (work) => {
    const code = codes.shift()
    return code === undefined ? db.tx(work) : Promise.reject(Object.assign(new Error(`trouble ${code}`), { code }))
  },
})

const CASES: [says: string, codes: string[], status: number, states: string[]][] = [
  ['trouble of a moment', ['40P01'], 503, []],
  ['a file that is busy', ['SQLITE_BUSY'], 503, []],
  ['a connection that broke', ['ECONNRESET'], 503, []],
  ['a body that fails once, and then does not', ['22021'], 200, ['waiting']],
  ['an item that the database will not take', ['22021', '22021'], 200, ['unrecognised']],
]
for (const [says, codes, status, states] of CASES) {
  test(`${says} is answered ${status}, and ${states[0] ? `the message is ${states[0]}` : 'no message is kept as something that nobody can handle'}`, async () => {
    await using host = await wireHost('exotel', { worker: false })
    const db = troubled(host.engine.db, ...codes)
    const parts = { db: () => db, providers: host.engine.settled.lines, now: Date.now, log: SILENT, isAtOnce: () => true }
    const door = createDoor({ ...parts, arrived() {}, refused() {}, heard() {} })
    const knock = () => door('default', { method: 'POST', headers: {}, query: new URLSearchParams({ token: TOKEN }), body: BODY })

    const first = await knock()
    const kept = await host.knex('wa_events').pluck('state')
    await knock()

    assert.equal(first.status, status)
    assert.deepEqual(kept, states)
    assert.equal((await host.knex('wa_events')).length, 1, 'the next delivery finds its place, once')
  })
}
