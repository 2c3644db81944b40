import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'

const ROOT = join(__dirname, '..', '..')
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const blocks = [...README.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] ?? '')

/** Inside the checkout, so that its packages are found; git does not see it. */
const folder = join(ROOT, 'tmp')
mkdirSync(folder, { recursive: true })
const here = mkdtempSync(join(folder, 'readme-'))
after(() => rmSync(here, { recursive: true, force: true }))

/** What the shorter pieces of the README take as known. */
const KNOWN = `
import assert from 'node:assert/strict'
import { test } from 'node:test'
import express, { type Request } from 'express'
import { buttons, cloudApi, defineReply, exotel, flow, list, Retry, Stop, waInteractive, type WaOptions } from 'wa-interactive'
import { testOptions, testPhone } from 'wa-interactive/testing'
declare const cancelOrder: (order: string) => Promise<void>
type User = { id: string; name: string }
declare module 'express-serve-static-core' { interface Request { user?: User } }
const help = list('help', { body: 'How can we help?', button: 'Select Topic', sections: [{ rows: [{ id: 'track_order', title: 'Track My Order' }, { id: 'agent', title: 'Talk to a person' }] }] })
const confirm = buttons('confirm', { body: 'Cancel {{order}}?', buttons: [{ id: 'yes', title: 'Yes' }, { id: 'no', title: 'No' }] })
const rate = defineReply('rate', { order: 'string', stars: 'int' })
const makeMyWa = (options: Pick<WaOptions, 'provider' | 'database' | 'now'>) => waInteractive({ menus: [help, confirm], ...options })
void [assert, test, express, cloudApi, exotel, flow, Retry, Stop, testOptions, testPhone, cancelOrder, help, confirm, rate, makeMyWa]
`

test('the first program of the README is twelve lines, compiles and runs as it stands', async () => {
  const [first = ''] = blocks
  const file = join(here, 'first.ts')
  writeFileSync(file, first)
  compiles(file)
  writeFileSync(
    join(here, 'run.ts'),
    first.replace('.listen(3000)', '.listen(0, function (this: { address(): { port: number } }) { console.log(this.address().port) })'),
  )

  const host = spawn(process.execPath, ['--import', 'tsx', join(here, 'run.ts')], {
    cwd: here,
    env: { ...process.env, WA_DATABASE_URL: `sqlite:${join(here, 'first.sqlite')}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const { value: port } = await createInterface(host.stdout)[Symbol.asyncIterator]().next()
    const page = await fetch(`http://127.0.0.1:${port}/wa/phone`)
    assert.equal(page.status, 200)
    assert.deepEqual(
      readdirSync(here).filter((name) => name.endsWith('.sqlite')),
      ['first.sqlite'],
    )
  } finally {
    host.kill()
  }
  assert.ok(
    first
      .trim()
      .split('\n')
      .filter((line) => line !== '').length <= 12,
  )
})

test('every other piece of code in the README compiles, but for what it leaves out', () => {
  const pieces = blocks.slice(1).filter((block) => !block.includes('…'))
  assert.ok(pieces.length >= 3)
  const files = pieces.map((piece, index) => {
    const file = join(here, `piece-${index}.ts`)
    const body = piece.replaceAll(/^import .*$/gm, '')
    writeFileSync(file, `${KNOWN}\nexport async function piece(wa: ReturnType<typeof makeMyWa>) {\n${body}\nvoid wa\n}\n`)
    return file
  })
  compiles(...files)
})

function compiles(...files: string[]): void {
  const config = join(here, 'tsconfig.json')
  writeFileSync(
    config,
    JSON.stringify({
      extends: '../../test/tsconfig.json',
      compilerOptions: { noEmit: true, noUnusedLocals: false, noUnusedParameters: false, rootDir: '../..' },
      include: [],
      files,
    }),
  )
  const run = spawnSync(process.execPath, [join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', config], { encoding: 'utf8' })
  assert.equal(run.stdout.trim(), '')
}
