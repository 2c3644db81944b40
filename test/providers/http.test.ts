import assert from 'node:assert/strict'
import net from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { type Answer, agentFor, MAX_ANSWER, type NoAnswer, postJson, targetOf } from '../../lib/providers/http'
import { type FakeServer, fakeServer } from '../fakes/fake-server'
import { patient } from '../fakes/parcel'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close()
})
async function server(): Promise<FakeServer> {
  const fake = await fakeServer(() => ({ status: 200, body: { ok: true } }))
  open.push(fake)
  return fake
}
function post(url: string, more: { signal?: AbortSignal; timeoutMs?: number; agent?: ReturnType<typeof agentFor> } = {}): Promise<Answer | NoAnswer> {
  const agent = more.agent ?? agentFor(url)
  open.push({ close: () => agent.destroy() })
  return postJson({
    to: targetOf(url, { 'x-a': 'b' }),
    body: '{"hello":"नमस्ते"}',
    agent,
    signal: more.signal ?? patient(),
    ...(more.timeoutMs === undefined ? {} : { timeoutMs: more.timeoutMs }),
  })
}
const left = (result: Answer | NoAnswer): boolean => {
  assert.equal(result.answered, false)
  return !result.answered && result.left
}

/** A port of this machine where nobody listens. */
async function closedPort(): Promise<number> {
  const probe = net.createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as net.AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

test('JSON arrives as its bytes and the answer comes back', async () => {
  const fake = await server()

  const answer = await post(`${fake.url}/x`)

  assert.deepEqual(answer, { answered: true, status: 200, body: '{"ok":true}', retryAfterMs: undefined })
  assert.deepEqual(fake.requests[0]?.body, { hello: 'नमस्ते' })
  assert.equal(fake.requests[0]?.headers['x-a'], 'b')
})

test('one connection serves many requests', async () => {
  const fake = await server()
  const agent = agentFor(fake.url)

  for (let turn = 0; turn < 5; turn += 1) await post(fake.url, { agent })

  assert.equal(fake.connections(), 1)
})

describe('what surely never left', () => {
  test('a refused connection', async () => {
    const result = await post(`http://127.0.0.1:${await closedPort()}/`)

    assert.equal(left(result), false)
    assert.match((result as NoAnswer).reason, /refuses connections/)
  })

  test('a name that does not exist', async () => {
    assert.equal(left(await post('http://nobody.invalid/')), false)
  })

  test('TLS against a server without it', async () => {
    const fake = await server()

    assert.equal(left(await post(fake.url.replace('http:', 'https:'))), false)
    assert.equal(fake.requests.length, 0)
  })

  test('TLS against a server that hangs up', async () => {
    const rude = net.createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => rude.listen(0, '127.0.0.1', resolve))
    open.push({ close: () => new Promise((resolve) => rude.close(resolve)) })

    assert.equal(left(await post(`https://127.0.0.1:${(rude.address() as net.AddressInfo).port}/`)), false)
  })

  test('a header that cannot be written, and its value is not told', async () => {
    const url = 'http://127.0.0.1:9/'
    const agent = agentFor(url)

    const result = await postJson({ to: targetOf(url, { authorization: 'Bearer s3cret\nx' }), body: '{}', agent, signal: patient() })

    assert.equal(left(result), false)
    assert.doesNotMatch(JSON.stringify(result), /s3cret/)
  })

  test('an attempt given up while it waits for one of the connections', async () => {
    const fake = await server()
    fake.usual('hang')
    const agent = agentFor(fake.url)
    const enough = new AbortController()
    const busy = Array.from({ length: 256 }, () => post(fake.url, { agent, signal: enough.signal }))
    await fake.received(256)
    const giveUp = new AbortController()

    const waits = post(fake.url, { agent, signal: giveUp.signal })
    giveUp.abort()

    assert.equal(left(await waits), false)
    enough.abort()
    await Promise.all(busy)
    assert.equal(fake.requests.length, 256)
  })

  test('an attempt given up before it began', async () => {
    const fake = await server()

    assert.equal(left(await post(fake.url, { signal: AbortSignal.abort() })), false)
    assert.equal(fake.requests.length, 0)
  })
})

describe('what may have left', () => {
  for (const act of ['drop', 'reset', 'truncate'] as const) {
    test(`a connection with "${act}"`, async () => {
      const fake = await server()
      fake.next(act)

      assert.equal(left(await post(fake.url)), true)
    })
  }

  test('a kept-alive connection that is reset before the first byte of the answer', async () => {
    const fake = await server()
    const agent = agentFor(fake.url)
    await post(fake.url, { agent })
    fake.next('reset')

    assert.equal(left(await post(fake.url, { agent })), true)
  })

  test('no answer in time', async () => {
    const fake = await server()
    fake.next('hang')

    const result = await post(fake.url, { timeoutMs: 50 })

    assert.equal(left(result), true)
    assert.match((result as NoAnswer).reason, /did not answer within 0.05 s/)
  })

  test('an attempt given up while waiting for the answer', async () => {
    const fake = await server()
    const giveUp = new AbortController()
    fake.next('hang')

    const result = post(fake.url, { signal: giveUp.signal })
    await fake.received(1)
    giveUp.abort()

    assert.equal(left(await result), true)
  })

  test('an answer that is no HTTP', async () => {
    const odd = net.createServer((socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH\r\n\r\n')))
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve))
    open.push({ close: () => new Promise((resolve) => odd.close(resolve)) })

    assert.equal(left(await post(`http://127.0.0.1:${(odd.address() as net.AddressInfo).port}/`)), true)
  })

  test('an answer longer than we read', async () => {
    const fake = await server()
    fake.next({ status: 200, body: 'x'.repeat(MAX_ANSWER + 1) })

    assert.equal(left(await post(fake.url)), true)
  })
})

test('what a server says before its answer is not the answer', async () => {
  const early = net.createServer((socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}')),
  )
  await new Promise<void>((resolve) => early.listen(0, '127.0.0.1', resolve))
  open.push({ close: () => new Promise((resolve) => early.close(resolve)) })

  const answer = await post(`http://127.0.0.1:${(early.address() as net.AddressInfo).port}/`)

  assert.deepEqual(answer, { answered: true, status: 200, body: '{}', retryAfterMs: undefined })
})

test('a redirect is not followed', async () => {
  const fake = await server()
  fake.next({ status: 307, body: '', headers: { location: `${fake.url}/elsewhere` } })

  const answer = await post(fake.url)

  assert.ok(answer.answered)
  assert.equal(answer.status, 307)
  assert.equal(fake.requests.length, 1)
})

test('Retry-After is read as seconds or as a date, and nonsense is not', async () => {
  const fake = await server()
  for (const [header, expected] of [
    ['7', 7000],
    ['99999999', 86_400_000],
    [new Date(0).toUTCString(), 0],
    ['soon', undefined],
    ['-1', undefined],
  ] as const) {
    fake.next({ status: 429, body: {}, headers: { 'retry-after': header } })

    const answer = await post(fake.url)

    assert.ok(answer.answered)
    assert.equal(answer.retryAfterMs, expected, header)
  }
})
