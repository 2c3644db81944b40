import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { knockOf, says } from '../../lib/providers/simulated'
import { install, pack } from '../support/tarball'

const { tarball } = pack()
const HOSTS = join(__dirname, 'hosts')

for (const express of ['express', 'express4']) {
  for (const file of ['host.mjs', 'host.cjs']) {
    const major = express === 'express4' ? '4' : '5'
    test(`an Express ${major} host in ${file.endsWith('.mjs') ? 'ESM' : 'CommonJS'} runs the packed package`, { timeout: 60_000 }, async () => {
      const folder = install(tarball, { express })
      copyFileSync(join(HOSTS, file), join(folder, file))
      const host = spawn(process.execPath, [file], { cwd: folder, env: { ...process.env, WA_DATABASE_URL: '' }, stdio: ['ignore', 'pipe', 'inherit'] })
      const lines = createInterface(host.stdout)[Symbol.asyncIterator]()
      try {
        const [port, ...found] = String((await lines.next()).value).split(' ')
        const at = `http://127.0.0.1:${port}`

        assert.deepEqual(found, [`express:${major}`, 'testing:function'])
        assert.equal(await (await fetch(`${at}/own`)).text(), 'the host answers')
        assert.equal((await fetch(`${at}/wa/healthz`)).status, 200)
        await assertDashboard(at)
        await deliver(at, 'hello')
        assert.equal((await lines.next()).value, 'heard hello')
        assert.ok(existsSync(join(folder, 'wa-interactive.sqlite')), 'the database is where the host runs')
      } finally {
        await end(host)
      }
      assert.deepEqual([host.exitCode, host.signalCode], [0, null])
    })
  }
}

async function assertDashboard(at: string): Promise<void> {
  const page = await fetch(`${at}/wa/`)
  const html = await page.text()
  assert.equal(page.status, 200, html)

  const styles = [...html.matchAll(/<link\b[^>]*\brel="stylesheet"[^>]*>/g)].map(([tag]) => /\bhref="([^"]+)"/.exec(tag)?.[1])
  const scripts = [...html.matchAll(/<script\b[^>]*\bsrc="([^"]+)"/g)].map((match) => match[1])
  assert.ok(styles.length > 0 && scripts.length > 0, html)
  for (const [addresses, type] of [
    [styles, /^text\/css/],
    [scripts, /^(text|application)\/javascript/],
  ] as const) {
    for (const address of addresses) {
      const asset = await fetch(new URL(address ?? '', page.url))
      await asset.arrayBuffer()
      assert.equal(asset.status, 200, address)
      assert.match(asset.headers.get('content-type') ?? '', type, address)
    }
  }
}

async function deliver(at: string, words: string): Promise<void> {
  const { headers, body } = knockOf({ from: { phone: '+919800000001', name: 'Asha' }, at: Date.now(), id: 'sim.in.1', content: says(words) })
  const answer = await fetch(`${at}/wa/webhook`, { method: 'POST', headers: headers as Record<string, string>, body: new Uint8Array(body) })
  assert.equal(answer.status, 200, await answer.text())
}

async function end(host: ChildProcess): Promise<void> {
  if (host.exitCode !== null || host.signalCode !== null) return
  host.kill('SIGTERM')
  await once(host, 'exit')
}

/** A TypeScript host: how it resolves modules, and what its file is called (`.cts` and `.mts` say which kind of module it is). */
const COMPILERS = [
  { title: 'node16, CommonJS', file: 'host.cts', options: { module: 'node16' } },
  { title: 'node16, ESM', file: 'host.mts', options: { module: 'node16' } },
  { title: 'nodenext, CommonJS', file: 'host.cts', options: { module: 'nodenext' } },
  { title: 'nodenext, ESM', file: 'host.mts', options: { module: 'nodenext' } },
  { title: 'bundler', file: 'host.ts', options: { module: 'esnext', moduleResolution: 'bundler' } },
]

for (const express of ['express', 'express4']) {
  test(`a TypeScript host with the types of ${express === 'express4' ? 'Express 4' : 'Express 5'} compiles, however it resolves modules`, () => {
    const folder = install(tarball, { express, '@types/express': `@types/${express}`, '@types/node': '@types/node' })
    for (const { title, file, options } of COMPILERS) {
      copyFileSync(join(HOSTS, 'typed.ts'), join(folder, file))
      const compilerOptions = {
        strict: true,
        noEmit: true,
        target: 'es2022',
        lib: ['es2022', 'esnext.disposable'],
        types: ['node'],
        esModuleInterop: true,
        ...options,
      }
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }))
      assert.deepEqual(compile(folder), [0, ''], title)
    }
  })
}

/** Exit code and complaints of the compiler. */
function compile(folder: string): [number | null, string] {
  const tsc = join(__dirname, '..', '..', 'node_modules', 'typescript', 'bin', 'tsc')
  const run = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' })
  return [run.status, run.stdout + run.stderr]
}
