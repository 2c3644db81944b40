import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { type Agent, createServer, Agent as HttpAgent, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { hashOf } from '../../lib/store/rows'
import { bytesOf, casesOf } from '../providers/fixtures'
import { seedOf } from '../reliability/rig/random'
import { damaged, mutated, randomFrom } from '../support/mutate'
import { providerFor, SECRET, TOKEN, type Wire, wireHost } from '../support/wire-host'

const BODIES = 2000
/** The seed of this run; WA_TEST_SEED repeats one. */
const SEED = seedOf()
const AT_ONCE = 24

for (const wire of ['exotel', 'cloud-api'] as const) {
  test(`${wire}: ${BODIES} broken bodies at the webhook: none is answered 5xx, and each that is answered 200 has its rows (seed ${SEED})`, {
    timeout: 60_000,
  }, async (t) => {
    t.diagnostic(`WA_TEST_SEED=${SEED}`)
    await using host = await wireHost(wire)
    const server = createServer(host.wa)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const agent = new HttpAgent({ keepAlive: true, maxSockets: AT_ONCE })
    const { port } = server.address() as AddressInfo
    const bodies = broken(wire)

    const statuses = new Map<number, number>()
    const queue = [...bodies]
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let body = queue.pop(); body !== undefined; body = queue.pop()) {
          const status = await post(port, agent, wire, body)
          assert.ok(status === 200, `${status} for ${body.toString('latin1').slice(0, 2000)}`)
          statuses.set(status, (statuses.get(status) ?? 0) + 1)
        }
      }),
    )
    await host.engine.settle()
    agent.destroy()
    server.close()

    assert.equal(statuses.get(200), BODIES)
    assert.deepEqual(await lost(wire, bodies, await host.knex('wa_events').pluck('dedupe'), await host.knex('wa_events').pluck('raw')), [])
    const unfinished = await host.knex('wa_events').whereNotIn('state', ['done', 'unhandled', 'unrecognised'])
    assert.deepEqual(unfinished, [], 'every event came to its end')
    const orphans = await host.knex('wa_events').whereNotIn('state', ['unrecognised']).whereNot({ type: 'status' }).whereNull('message_id')
    assert.deepEqual(orphans, [], 'every message has its row')
    const read = await host.knex('wa_events').whereNot({ state: 'unrecognised' }).pluck('type')
    t.diagnostic(`${read.length} events were read`)
    assert.ok(read.length > BODIES / 5, `only ${read.length} events were read: the breaking is too hard to test what is behind it`)
    for (const type of ['text', 'button_reply', 'list_reply', 'media', 'status']) assert.ok(read.includes(type), `no ${type} came through`)
    assert.equal(({} as Record<string, unknown>).polluted, undefined)
  })
}

/** Fixtures of both wires, changed; those of this wire most of the time. */
function broken(wire: Wire): Buffer[] {
  const random = randomFrom(SEED)
  const ours = casesOf(wire).flatMap(({ cases }) => cases)
  const theirs = casesOf(wire === 'exotel' ? 'cloud-api' : 'exotel').flatMap(({ cases }) => cases)
  return Array.from({ length: BODIES }, (_, turn) => {
    const from = random(10) === 0 ? theirs : ours
    const one = from[random(from.length)]
    assert.ok(one)
    // Ids are made different, or nearly all of these would be duplicates.
    const text = (one.text ?? JSON.stringify(mutated(one.body, random)) ?? '').replace(/(TESTIN|TESTOUT|ExIn|ExSid)/g, `$1${turn}`)
    const bytes = one.text === undefined ? Buffer.from(text) : bytesOf(one)
    return random(3) === 0 ? damaged(bytes, random) : bytes
  })
}

/** The connection is one of a few that stay: the point is what is behind the door. */
function post(port: number, agent: Agent, wire: Wire, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': body.length,
      ...(wire === 'cloud-api' ? { 'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}` } : {}),
    }
    const asked = request(
      { port, agent, host: '127.0.0.1', method: 'POST', path: `/wa/webhook${wire === 'exotel' ? `?token=${TOKEN}` : ''}`, headers },
      (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode ?? 0))
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

/** Events that parse() finds and the inbox has not. */
async function lost(wire: Wire, bodies: readonly Buffer[], dedupes: string[], raws: string[]): Promise<string[]> {
  const [keys, texts] = [new Set(dedupes), new Set(raws)]
  const provider = providerFor(wire, 'http://127.0.0.1:9')
  return bodies
    .flatMap((body) => provider.parse(body))
    .filter((event) => (event.dedupe === null ? !texts.has(event.raw) : !keys.has(hashOf(`default\n${event.dedupe}`))))
    .map((event) => event.raw.slice(0, 300))
}
