import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { exotel, waInteractive } from '../../lib/index'

const EXOTEL = { EXOTEL_ACCOUNT_SID: 'sid', EXOTEL_API_KEY: 'key', EXOTEL_API_TOKEN: 'token', EXOTEL_FROM: '+918000000001' }
const META = { WHATSAPP_PHONE_NUMBER_ID: '1', WHATSAPP_ACCESS_TOKEN: 'token' }
const OPEN = { WA_API_KEY: 'a-key-of-sixteen-chars', WA_DASHBOARD_USER: 'meera', WA_DASHBOARD_PASSWORD: 'a long password' }
const PRODUCTION = { NODE_ENV: 'production' }
const BASIC = `Basic ${Buffer.from('meera:a long password').toString('base64')}`
const BEARER = `Bearer ${OPEN.WA_API_KEY}`
const TAP = '{"from":"+919800000001","type":"text","text":{"body":"hi"}}'

interface Asked {
  method?: 'GET' | 'POST'
  path: string
  headers?: Record<string, string>
  /** `1.0`: what a proxy speaks that was told nothing. */
  version?: '1.0' | '1.1'
  body?: string
  /** Through another address of this machine than 127.0.0.1. */
  address?: string
}
const PAGE: Asked = { path: '/wa/' }
const API: Asked = { path: '/wa/api/messages', method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' }
const HOOK: Asked = { path: '/wa/webhook', method: 'POST', headers: { 'Content-Type': 'application/json' }, body: TAP }
const PHONE: Asked = { path: '/wa/phone' }
const METRICS: Asked = { path: '/wa/metrics' }
const through = (asked: Asked, headers: Record<string, string>): Asked => ({ ...asked, headers: { ...asked.headers, ...headers } })
const lan = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address

/** Everything that tells a request through a proxy, a tunnel or a rebound name from one of this machine. */
const STRANGE: [says: string, asked: (asked: Asked) => Asked][] = [
  ['with X-Forwarded-For', (asked) => through(asked, { 'X-Forwarded-For': '127.0.0.1' })],
  ['with Forwarded', (asked) => through(asked, { Forwarded: 'for=127.0.0.1' })],
  ['with X-Forwarded-Host', (asked) => through(asked, { 'X-Forwarded-Host': 'localhost' })],
  ['with X-Forwarded-Proto', (asked) => through(asked, { 'X-Forwarded-Proto': 'https' })],
  ['with X-Real-IP', (asked) => through(asked, { 'X-Real-IP': '127.0.0.1' })],
  ['with Via', (asked) => through(asked, { Via: '1.1 proxy' })],
  ['with CF-Connecting-IP', (asked) => through(asked, { 'CF-Connecting-IP': '127.0.0.1' })],
  ['with the Host of a tunnel', (asked) => through(asked, { Host: 'abc.ngrok.example' })],
  ['with the Host of a rebound name', (asked) => through(asked, { Host: 'localhost.evil.example' })],
  ['with a Host that only begins well', (asked) => through(asked, { Host: '127.0.0.1.evil.example' })],
  ['with the Host of everywhere', (asked) => through(asked, { Host: '0.0.0.0' })],
  ['over HTTP/1.0', (asked) => ({ ...asked, version: '1.0' })],
  ...(lan ? [['from the network', (asked: Asked) => ({ ...asked, address: lan })] as [string, (asked: Asked) => Asked]] : []),
]

/** Which environment, what is asked, and the answer. */
const TABLE: [env: string, set: Record<string, string>, rows: [says: string, asked: Asked, status: number][]][] = [
  [
    'production, nothing configured',
    PRODUCTION,
    [
      ['the dashboard', PAGE, 403],
      ['the phone', PHONE, 403],
      ['the API', API, 403],
      ['the metrics', METRICS, 403],
      ['the webhook', HOOK, 404],
      ['the dashboard with a guessed key', through(PAGE, { Authorization: BASIC }), 403],
      ['the API with a guessed key', through(API, { Authorization: BEARER }), 403],
      ['whether it lives', { path: '/wa/healthz' }, 200],
      ['the host itself', { path: '/host' }, 200],
    ],
  ],
  [
    'anywhere else, nothing configured',
    {},
    [
      ['the dashboard', PAGE, 200],
      ['the phone', PHONE, 200],
      ['the metrics', METRICS, 200],
      ['the webhook', HOOK, 200],
      ['the dashboard by the name localhost', through(PAGE, { Host: 'localhost:3000' }), 200],
      ['the dashboard by a name below it', through(PAGE, { Host: 'app.localhost' }), 200],
      ['the host itself', { path: '/host' }, 200],
      ...[PAGE, HOOK, METRICS].flatMap((asked) => STRANGE.map(([says, strange]): [string, Asked, number] => [`${asked.path} ${says}`, strange(asked), 403])),
    ],
  ],
  [
    'production, Exotel without its token',
    { ...PRODUCTION, ...EXOTEL },
    [
      ['the webhook', HOOK, 503],
      ['the dashboard', PAGE, 403],
    ],
  ],
  [
    'production, Meta without its secret',
    { ...PRODUCTION, ...META },
    [
      ['the webhook', HOOK, 503],
      ['its verification', { path: '/wa/webhook?hub.mode=subscribe' }, 503],
    ],
  ],
  [
    'anywhere else, Exotel without its token',
    EXOTEL,
    [
      ['the webhook', HOOK, 503],
      ['the dashboard', PAGE, 200],
    ],
  ],
  [
    'production, everything configured',
    { ...PRODUCTION, ...EXOTEL, ...OPEN, EXOTEL_WEBHOOK_TOKEN: 'a-long-webhook-token' },
    [
      ['the dashboard of nobody', PAGE, 401],
      ['the dashboard', through(PAGE, { Authorization: BASIC, 'X-Forwarded-For': '203.0.113.7' }), 200],
      ['the metrics of nobody', METRICS, 401],
      ['the metrics', through(METRICS, { Authorization: BEARER }), 200],
      ['the webhook of nobody', HOOK, 401],
      ['the webhook', { ...HOOK, path: '/wa/webhook?token=a-long-webhook-token' }, 200],
      ['the phone of the simulator', through(PHONE, { Authorization: BASIC }), 404],
    ],
  ],
]

for (const [env, set, rows] of TABLE) {
  test(`38 ${env}`, { timeout: 60_000 }, async (t) => {
    await using host = await closedHost(set)

    for (const [says, asked, status] of rows) {
      await t.test(`${says} is answered ${status}`, async () => {
        const answer = await ask(host.port, asked)

        assert.equal(answer.status, status, answer.text.slice(0, 400))
        if (status === 403 && asked.path !== '/wa/webhook') assert.match(answer.text, /WA_|authorize|apiKeys/, 'it says what to set')
        if (status >= 400) assert.doesNotMatch(answer.text, /node_modules|\.ts:|sqlite|0\.1\.0/, 'and nothing of what is inside')
        if (status === 503) assert.match(answer.text, /Retry-After: 30/i)
      })
    }

    if (set.NODE_ENV === 'production' && !('WA_API_KEY' in set)) {
      assert.equal(host.log().filter((line) => /closed until you say who may/.test(line)).length, 2, host.log().join('\n'))
    }
    assert.equal(host.child.exitCode, null, 'the host is still running')
  })
}

test('38 what contradicts itself, or could be guessed, is refused when it is made', () => {
  const made =
    (options: object, env: Record<string, string> = {}) =>
    () => {
      const before = { ...process.env }
      Object.assign(process.env, env)
      try {
        return waInteractive({ autoStart: false, ...options })
      } finally {
        process.env = before
      }
    }
  const cases: [says: string, made: () => unknown, message: RegExp][] = [
    ['an unknown option', made({ authorise: () => null }), /Did you mean "authorize"/],
    ['an API key of a few letters', made({ apiKeys: ['short'] }), /at least 16/],
    ['an API key of a few letters, in the environment', made({}, { WA_API_KEY: 'short' }), /at least 16/],
    ['a webhook token of a few letters', () => exotel({ webhookToken: 'short' }), /at least 16/],
    ['half of the dashboard’s credentials', made({}, { WA_DASHBOARD_USER: 'meera' }), /go together/],
    ['two providers and no choice', made({}, { ...EXOTEL, ...META }), /does not say which/],
    ['a provider that is named and not configured', made({}, { WA_PROVIDER: 'exotel' }), /cannot send yet/],
    ['a base URL with credentials in it', () => exotel({ baseUrl: 'https://key:token@api.exotel.com' }), /carries credentials/],
  ]
  for (const [says, make, message] of cases) assert.throws(make, message, says)
})

interface ClosedHost extends AsyncDisposable {
  child: ChildProcess
  port: number
  log(): string[]
}
async function closedHost(set: Record<string, string>): Promise<ClosedHost> {
  const folder = mkdtempSync(join(tmpdir(), 'wa-closed-'))
  const plain = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(WA_|EXOTEL_|WHATSAPP_|NODE_ENV$|NODE_TEST_CONTEXT$|PORT$)/.test(name)))
  const child = fork(join(__dirname, '..', 'support', 'closed-host.ts'), {
    cwd: folder,
    env: { ...plain, ...set },
    execArgv: ['--import', require.resolve('tsx')],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let text = ''
  child.stderr?.on('data', (bytes) => {
    text += String(bytes)
  })
  const { port } = await new Promise<{ port: number }>((resolve, reject) => {
    child.once('message', (message) => resolve(message as { port: number }))
    child.once('exit', () => reject(new Error(text)))
  })
  const host = { child, port, log: () => text.split('\n') }
  while ((await ask(port, { path: '/wa/readyz' })).status !== 200) await new Promise((resolve) => setTimeout(resolve, 50))
  return {
    ...host,
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** One request, written by hand: no client adds a header, or takes one away. */
function ask(
  port: number,
  { method = 'GET', path, headers = {}, version = '1.1', body = '', address = '127.0.0.1' }: Asked,
): Promise<{ status: number; text: string }> {
  const all = { Host: `127.0.0.1:${port}`, Connection: 'close', ...(body ? { 'Content-Length': String(Buffer.byteLength(body)) } : {}), ...headers }
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return new Promise((resolve, reject) => {
    const socket = connect(port, address, () => socket.write(`${method} ${path} HTTP/${version}\r\n${head.join('')}\r\n${body}`))
    let text = ''
    socket.on('data', (bytes) => {
      text += String(bytes)
    })
    socket.on('error', reject)
    socket.on('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text }))
  })
}
