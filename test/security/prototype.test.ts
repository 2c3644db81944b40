import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROUTES as API } from '../../lib/http/api/routes'
import { ROUTES as DASHBOARD } from '../../lib/http/dashboard/index'
import { knockOf, says, taps } from '../../lib/providers/simulated'
import { signatureOf } from '../fakes/fake-cloud-api'
import { casesOf } from '../providers/fixtures'
import { SECRET, TOKEN } from '../support/wire-host'
import { withField } from '../support/with-field'

const HOSTILE = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']
const POISON = '{"polluted":1,"type":"text","id":"x","prototype":{"polluted":1}}'
const ASHA = { phone: '+919800000001', name: 'Asha' }
const json = { 'Content-Type': 'application/json' }

test('14 with Object.prototype frozen before the library is loaded, a whole host works, and hostile keys at every level change no prototype', {
  timeout: 120_000,
}, async (t) => {
  await using host = await frozenHost()
  const { at } = host

  await t.test('a customer writes, taps, answers a question of a flow', async () => {
    const talk = [says('menu'), taps({ id: 'cancel', title: 'Cancel' }, 'list'), says('ORD-1')]
    for (const [nth, content] of talk.entries()) {
      const { headers, body } = knockOf({ from: ASHA, at: Date.now(), id: `wamid.${nth}`, content })
      assert.equal((await fetch(`${at}/webhook/phone`, { method: 'POST', headers: { ...(headers as Record<string, string>), ...json }, body })).status, 200)
      await host.rest()
    }
    const { items } = (await (await fetch(`${at}/api/messages`)).json()) as { items: { text: string }[] }
    assert.deepEqual(
      items.map(({ text }) => text),
      ['Cancelled ORD-1.', 'Which order?', 'Hello Asha'],
    )
  })

  for (const [number, wire] of [
    ['meta', 'cloud-api'],
    ['exotel', 'exotel'],
  ] as const) {
    await t.test(`${wire}: every fixture, each object in it with another hostile key`, async () => {
      const before = (await host.rest()).heard
      const bodies = casesOf(wire)
        .flatMap(({ cases }) => cases)
        .filter(({ text }) => text === undefined)
        .flatMap(({ body }, nth) => [...withField(body, HOSTILE[nth % 2] ?? '', POISON)])
        // A body of an id that is known would be put aside unread.
        .map((hostile, turn) => hostile.replace(/(TESTIN|TESTOUT|ExIn|ExSid)/g, `$1${turn}`))
      assert.ok(bodies.length > 200)
      t.diagnostic(`${bodies.length} bodies`)
      const knock = async (): Promise<void> => {
        for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
          const headers = { ...json, ...(wire === 'cloud-api' ? { 'X-Hub-Signature-256': signatureOf(body, SECRET) } : {}) }
          const answer = await fetch(`${at}/webhook/${number}?token=${TOKEN}`, { method: 'POST', headers, body })
          assert.equal(answer.status, 200, body)
          await answer.arrayBuffer()
        }
      }
      await Promise.all(Array.from({ length: 16 }, knock))
      assert.ok((await host.rest()).heard - before > 20, 'what stands around the keys is read')
    })
  }

  await t.test('the API refuses them, and every list and document of it is there', async () => {
    const message = { to: '+919876543210', message: { text: 'hi' } }
    const menu = { key: 'new-one', type: 'text', body: 'Hi {{name}}', variables: { name: { sample: 'Asha' } } }
    for (const [path, body] of [
      ['/api/messages', message],
      ['/api/menus', menu],
      ['/api/messages', { to: '+919876543210', menu: 'help', variables: { name: 'x' } }],
    ] as const) {
      for (const hostile of withField(body, '__proto__', POISON)) {
        const answer = await fetch(`${at}${path}`, { method: 'POST', headers: json, body: hostile })
        assert.equal(answer.status, 422, `${hostile}: ${await answer.text()}`)
      }
      const taken = await fetch(`${at}${path}`, {
        method: 'POST',
        headers: json,
        body: JSON.stringify({ ...body, ...('to' in body ? { number: 'phone' } : {}) }),
      })
      assert.ok(taken.status < 300, await taken.text())
    }
    await everyGet(
      API.filter(({ method }) => method === 'GET').map(({ path }) => path),
      4,
    )
  })

  await t.test('every page of the dashboard is there, and its forms take no prototype for a field', async () => {
    await everyGet(
      DASHBOARD.filter(({ method }) => method === 'GET').map(({ path }) => path),
      12,
    )
    for (const name of HOSTILE) {
      const form = new URLSearchParams({ text: 'hello', [name]: 'x', [`${name}[polluted]`]: '1', [`${name}.polluted`]: '1' })
      for (const path of ['/phone/say', '/menus/help', '/menus']) {
        const answer = await fetch(`${at}${path}?${form}`, { method: 'POST', headers: { 'Sec-Fetch-Site': 'same-origin' }, body: form, redirect: 'manual' })
        assert.ok(answer.status < 500, `${path} ${name}: ${answer.status} ${await answer.text()}`)
      }
    }
  })

  const end = await host.rest()
  assert.deepEqual([end.isFrozen, end.same], [true, true])
  const stuck = (await (await fetch(`${at}/api/events?state=needs_attention`)).json()) as { items: unknown[] }
  assert.deepEqual(stuck.items, [])
  assert.doesNotMatch(host.log(), /TypeError|read.only|not extensible/i)

  /** All that can be asked for without saying which. */
  async function everyGet(paths: readonly string[], least: number): Promise<void> {
    const plain = paths.filter((path) => !path.includes(':') && !path.includes('*'))
    let there = 0
    for (const path of plain) {
      const stopped = new AbortController()
      const answer = await fetch(`${at}${path}${path.startsWith('/api') ? '' : '?__proto__=1&constructor=1&__proto__[polluted]=1'}`, {
        redirect: 'manual',
        signal: stopped.signal,
      })
      assert.ok(answer.status < 500, `${path}: ${answer.status}`)
      if (answer.status === 200) there++
      // One of them is a stream without end.
      stopped.abort()
    }
    assert.ok(there >= least, `${there} of ${plain.join(' ')} were there`)
  }
})

interface FrozenHost extends AsyncDisposable {
  at: string
  log(): string
  /** Resolves when all is handled. */
  rest(): Promise<{ heard: number; isFrozen: boolean; same: boolean }>
}
async function frozenHost(): Promise<FrozenHost> {
  const folder = mkdtempSync(join(tmpdir(), 'wa-frozen-'))
  const plain = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(WA_|EXOTEL_|WHATSAPP_|NODE_ENV$|NODE_TEST_CONTEXT$|PORT$)/.test(name)))
  const child: ChildProcess = fork(join(__dirname, '..', 'support', 'frozen-host.cjs'), {
    cwd: folder,
    env: { ...plain, HOST_SECRET: SECRET, HOST_TOKEN: TOKEN },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let text = ''
  child.stderr?.on('data', (bytes) => {
    text += String(bytes)
  })
  const told = async <T>(): Promise<T> => {
    const ended = once(child, 'exit').then(() => {
      throw new Error(`the host ended: ${text}`)
    })
    return (await Promise.race([once(child, 'message'), ended]))[0] as T
  }
  const { port } = await told<{ port: number }>()
  return {
    at: `http://127.0.0.1:${port}/wa`,
    log: () => text,
    rest() {
      child.send('rest')
      return told()
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit')
      child.send('end')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
