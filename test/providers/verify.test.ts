import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cloudApi } from '../../lib/providers/cloud-api'
import { exotel } from '../../lib/providers/exotel'
import type { Knock, Verdict } from '../../lib/providers/provider'
import { simulator } from '../../lib/providers/simulator'

const knock = (changes: Partial<Omit<Knock, 'query' | 'body'>> & { query?: string; body?: string } = {}): Knock => ({
  method: changes.method ?? 'POST',
  headers: changes.headers ?? {},
  query: new URLSearchParams(changes.query ?? ''),
  body: Buffer.from(changes.body ?? ''),
})
const statusOf = (verdict: Verdict): number => ('answer' in verdict ? verdict.answer.status : verdict.ok ? 200 : verdict.status)

const TOKEN = 'an-unguessable-token'
describe('exotel', () => {
  const cases: [says: string, knock: Knock, status: number][] = [
    ['the token', knock({ query: `token=${TOKEN}` }), 200],
    ['the token during rotation', knock({ query: 'token=the-one-before-it' }), 200],
    ['no token', knock(), 401],
    ['an empty token', knock({ query: 'token=' }), 401],
    ['the beginning of the token', knock({ query: `token=${TOKEN.slice(0, -1)}` }), 401],
    ['a longer token', knock({ query: `token=${TOKEN}x` }), 401],
    ['both tokens joined', knock({ query: `token=${TOKEN},the-one-before-it` }), 401],
    ['the token in a header only', knock({ headers: { authorization: `Bearer ${TOKEN}` } }), 401],
    ['GET with the token', knock({ method: 'GET', query: `token=${TOKEN}` }), 200],
    ['GET without it', knock({ method: 'GET' }), 403],
  ]
  for (const [says, given, status] of cases) {
    test(`${says} is answered ${status}`, () => {
      for (const provider of [
        exotel({ webhookToken: [TOKEN, 'the-one-before-it'] }, {}),
        exotel({}, { EXOTEL_WEBHOOK_TOKEN: ` ${TOKEN}, the-one-before-it ,` }),
      ]) {
        assert.equal(statusOf(provider.verify(given)), status)
      }
    })
  }

  test('a token that could be guessed is refused at once, with a way to make one', () => {
    for (const webhookToken of ['x'.repeat(15), [TOKEN, 'short']]) {
      assert.throws(() => exotel({ webhookToken }, {}), { code: 'WA_OPTION_INVALID', message: /at least 16\. Make one: openssl rand -hex 24/ })
    }
    assert.doesNotThrow(() => exotel({ webhookToken: 'x'.repeat(16) }, {}))
  })

  test('all wrong tokens get the same verdict', () => {
    const provider = exotel({ webhookToken: TOKEN }, {})

    assert.deepEqual(provider.verify(knock()), provider.verify(knock({ query: 'token=wrong' })))
  })

  test('without a configured token nothing is taken, and the variable is named', () => {
    for (const method of ['GET', 'POST'] as const) {
      const verdict = exotel({}, {}).verify(knock({ method, query: 'token=' }))

      assert.ok('ok' in verdict && !verdict.ok)
      assert.equal(verdict.status, 503)
      assert.match(verdict.reason, /EXOTEL_WEBHOOK_TOKEN/)
    }
  })

  test('the verification handshake is answered with its challenge, once the token matched', () => {
    const body = '{"type":"verification","challenge":"c-41"}'
    const provider = exotel({ webhookToken: TOKEN }, {})

    const verdict = provider.verify(knock({ query: `token=${TOKEN}`, body }))

    assert.deepEqual(verdict, { answer: { status: 200, contentType: 'application/json; charset=utf-8', body: '{"challenge":"c-41"}' } })
    assert.equal(statusOf(provider.verify(knock({ body }))), 401)
  })

  test('a challenge longer than 256 characters, or none, is no handshake', () => {
    const provider = exotel({ webhookToken: TOKEN }, {})

    for (const challenge of ['x'.repeat(257), '', null, {}]) {
      assert.deepEqual(provider.verify(knock({ query: `token=${TOKEN}`, body: JSON.stringify({ type: 'verification', challenge }) })), { ok: true })
    }
  })
})

describe('cloudApi', () => {
  const body = '{"object":"whatsapp_business_account","entry":[]}'
  const signature = 'sha256=c84a394cc475525991e78ff16e430b02e47f953877d2af0ade26956ce6f384dc'
  const provider = cloudApi({ appSecret: ['a-newer-secret', 'test-app-secret'], verifyToken: 'my-word' }, {})

  test('a webhook with its signature is taken', () => {
    assert.deepEqual(provider.verify(knock({ headers: { 'x-hub-signature-256': signature }, body })), { ok: true })
  })

  test('a missing, wrong or foreign signature gets one and the same 401', () => {
    const verdicts = [undefined, 'sha256=', signature.replace('c8', 'd8')].map((header) =>
      provider.verify(knock({ headers: { 'x-hub-signature-256': header }, body })),
    )
    verdicts.push(provider.verify(knock({ headers: { 'x-hub-signature-256': signature }, body: `${body} ` })))

    for (const verdict of verdicts) assert.deepEqual(verdict, { ok: false, status: 401, reason: 'wrong or missing X-Hub-Signature-256' })
  })

  test('without an app secret or a verify token the answer is 503 and names the variable', () => {
    const bare = cloudApi({}, {})

    assert.deepEqual(bare.verify(knock({ headers: { 'x-hub-signature-256': signature }, body })), {
      ok: false,
      status: 503,
      reason: 'WHATSAPP_APP_SECRET is not set: webhooks cannot be told from forgeries',
    })
    assert.deepEqual(bare.verify(knock({ method: 'GET' })), { ok: false, status: 503, reason: 'WHATSAPP_VERIFY_TOKEN is not set' })
  })

  const cases: [says: string, query: string, status: number][] = [
    ['the right token', 'hub.mode=subscribe&hub.verify_token=my-word&hub.challenge=1158201444', 200],
    ['a challenge of 256 characters', `hub.mode=subscribe&hub.verify_token=my-word&hub.challenge=${'9'.repeat(256)}`, 200],
    ['a challenge of 257 characters', `hub.mode=subscribe&hub.verify_token=my-word&hub.challenge=${'9'.repeat(257)}`, 403],
    ['no challenge', 'hub.mode=subscribe&hub.verify_token=my-word', 403],
    ['a wrong token', 'hub.mode=subscribe&hub.verify_token=my-worD&hub.challenge=1', 403],
    ['no token', 'hub.mode=subscribe&hub.challenge=1', 403],
    ['another mode', 'hub.mode=unsubscribe&hub.verify_token=my-word&hub.challenge=1', 403],
    ['nothing', '', 403],
  ]
  for (const [says, query, status] of cases) {
    test(`GET with ${says} is answered ${status}`, () => {
      const verdict = provider.verify(knock({ method: 'GET', query }))

      assert.equal(statusOf(verdict), status)
      if ('answer' in verdict) {
        assert.equal(verdict.answer.body, new URLSearchParams(query).get('hub.challenge'))
        assert.equal(verdict.answer.contentType, 'text/plain; charset=utf-8')
      }
    })
  }
})

test('the simulator takes everything: its door decides who may knock', () => {
  assert.deepEqual(simulator().verify(knock()), { ok: true })
  assert.equal(statusOf(simulator().verify(knock({ method: 'GET' }))), 200)
})
