import assert from 'node:assert/strict'
import { test } from 'node:test'
import knex from 'knex'
import { isUnreachable } from '../../lib/store/database'

for (const [says, error, unreachable] of [
  ['a connection that is refused', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), true],
  ['a connection that broke', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }), true],
  ['a sqlite file that is locked', Object.assign(new Error('SQLITE_BUSY: database is locked'), { code: 'SQLITE_BUSY' }), true],
  ['a full disk', Object.assign(new Error('SQLITE_FULL'), { code: 'SQLITE_FULL' }), true],
  ['a PostgreSQL that is shutting down', Object.assign(new Error('terminating connection'), { code: '57P01' }), true],
  ['too many clients', Object.assign(new Error('too many clients already'), { code: '53300' }), true],
  ['a MariaDB that went away', Object.assign(new Error('gone'), { code: 'PROTOCOL_CONNECTION_LOST' }), true],
  ['a pg connection that ended', new Error('Connection terminated unexpectedly'), true],
  ['a statement that is wrong', Object.assign(new Error('SQLITE_ERROR: no such column'), { code: 'SQLITE_ERROR' }), false],
  ['a constraint', Object.assign(new Error('duplicate key'), { code: '23505' }), false],
  ['a bug', new TypeError('x is not a function'), false],
  ['nothing', undefined, false],
  ['a text', 'ECONNREFUSED', false],
] as const) {
  test(`${unreachable ? 'the database is the trouble' : 'the database is not the trouble'}: ${says}`, () => {
    assert.equal(isUnreachable(error), unreachable)
  })
}

test('what knex and its drivers really throw when nobody listens is known', async () => {
  for (const [client, port] of [
    ['pg', 1],
    ['mysql2', 1],
  ] as const) {
    const pool = knex({ client, log: { warn() {}, error() {} }, connection: { host: '127.0.0.1', port, user: 'x', password: 'x', database: 'x' } })
    const thrown = await pool.raw('select 1').catch((error: unknown) => error)
    await pool.destroy()

    assert.equal(isUnreachable(thrown), true, `${client}: ${String(thrown)}`)
  }
})
