import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { openDatabase } from '../../lib/store/database'
import { migrate } from '../../lib/store/migrate'
import { migrationSource } from '../../migrations/index'
import { folder } from '../support/tarball'

test('npm run migrate:status says which migrations are to come and which have run', async () => {
  const url = `sqlite:${join(folder(), 'status.sqlite')}`
  const names = (await migrationSource.getMigrations([])).map((migration) => migration.name)

  assert.deepEqual(linesOf(status(url)).slice(1), [`Found ${names.length} Pending Migration file/files.`, ...names])
  const db = await openDatabase(url)
  await migrate(db)
  await db.close()
  assert.deepEqual(linesOf(status(url)).slice(0, -1), [`Found ${names.length} Completed Migration file/files.`, ...names])
})

function status(url: string): string {
  return execFileSync('npm', ['run', '--silent', 'migrate:status'], {
    cwd: join(__dirname, '..', '..'),
    encoding: 'utf8',
    shell: process.platform === 'win32',
    env: { ...process.env, WA_DATABASE_URL: url, NO_COLOR: '1' },
  })
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '')
