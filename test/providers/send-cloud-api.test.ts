import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { cloudApi } from '../../lib/providers/cloud-api'
import { CLOUD_API_CODES } from '../../lib/providers/codes-cloud-api'
import type { Provider, SendResult } from '../../lib/providers/provider'
import { accepted, type FakeCloudApi, failed, fakeCloudApi } from '../fakes/fake-cloud-api'
import type { Act } from '../fakes/fake-server'
import { parcel, patient } from '../fakes/parcel'

let fake: FakeCloudApi
let provider: Provider
before(async () => {
  fake = await fakeCloudApi()
})
beforeEach(() => {
  provider = cloudApi({ phoneNumberId: '100000000000001', accessToken: 'token', baseUrl: `${fake.url}/v25.0` }, {})
})
after(async () => {
  provider.close?.()
  await fake.close()
})

async function meeting(act: Act): Promise<SendResult> {
  fake.next(act)
  try {
    return await provider.send(parcel(), patient())
  } finally {
    provider.close?.()
  }
}
const gist = (result: SendResult): string =>
  [result.outcome, 'scope' in result ? result.scope : '', 'alert' in result && result.alert ? 'alert' : ''].filter(Boolean).join(' ')

test('a message goes to the number of the account with its correlation word', async () => {
  const result = await provider.send(parcel(), patient())

  assert.deepEqual(result, { outcome: 'accepted', providerId: 'wamid.TESTOUT0001' })
  assert.equal(fake.requests[0]?.url, '/v25.0/100000000000001/messages')
  assert.equal(fake.requests[0]?.headers.authorization, 'Bearer token')
  assert.equal(fake.taken[0]?.ref, 'msg-41')
})

test('a number that WhatsApp knows otherwise is told', async () => {
  const result = await meeting(accepted('wamid.1', '919800000001', '919800000009'))

  assert.deepEqual(result, { outcome: 'accepted', providerId: 'wamid.1', phone: '+919800000009' })
})

const html = (status: number): Act => ({ status, body: '<html>Bad gateway</html>' })
const ROWS: [says: string, act: Act, expected: string][] = [
  [
    'a template held for its quality is accepted',
    { status: 200, body: { messages: [{ id: 'wamid.1', message_status: 'held_for_quality_assessment' }] } },
    'accepted',
  ],
  ['200 without an id', { status: 200, body: { messages: [] } }, 'uncertain'],
  ['200 that is no JSON', html(200), 'uncertain'],
  ['200 with an error of the tables', failed(200, 131026), 'failed'],
  ['200 with an error we do not know', failed(200, 999), 'failed'],
  ['400 with an error we do not know', failed(400, 999), 'failed'],
  ['400 with nothing', html(400), 'failed'],
  ['401 with nothing', html(401), 'hold account alert'],
  ['403 with an error we do not know', failed(403, 999), 'hold account alert'],
  ['404 with nothing', html(404), 'failed'],
  ['408', html(408), 'uncertain'],
  ['429', html(429), 'hold account'],
  ['500 with nothing', html(500), 'uncertain'],
  ['500 with an error we do not know', failed(500, 999), 'uncertain'],
  ['502', html(502), 'uncertain'],
  ['503 with nothing', html(503), 'uncertain'],
  ['504', html(504), 'uncertain'],
  ['any right that is missing, 200 to 299', failed(403, 250), 'hold account alert'],
  ['a redirect', { status: 301, body: '', headers: { location: 'https://elsewhere.example' } }, 'hold account alert'],
  ['a connection dropped after the message was taken', 'drop', 'uncertain'],
  ['half an answer', 'truncate', 'uncertain'],
]
describe('answers', () => {
  for (const [says, act, expected] of ROWS) test(`${says}: ${expected}`, async () => assert.equal(gist(await meeting(act)), expected))

  test('a wrong token pauses the account', async () => {
    const wrong = cloudApi({ phoneNumberId: '1', accessToken: 'expired', baseUrl: fake.url }, {})

    const result = await wrong.send(parcel(), patient())

    assert.equal(gist(result), 'hold account alert')
    assert.match(result.outcome === 'hold' ? (result.error?.advice ?? '') : '', /^Sending is paused\. Ask a developer for a new access token\.$/)
    wrong.close?.()
  })

  test('a token that Meta echoes does not come through', async () => {
    const body = { error: { message: 'Malformed access token EAAGm0PX4ZCpsBAKZB123456789xyz', code: 999 } }

    const result = await meeting({ status: 400, body })

    assert.doesNotMatch(JSON.stringify(result), /EAAGm0/)
  })
})

/** Codes of Meta's table under the HTTP status they come with, as the reference has them: throttles are 400. */
const EXPECTED: Readonly<Record<string, [status: number, expected: string]>> = {
  1: [400, 'retry'],
  2: [503, 'retry'],
  4: [400, 'hold account'],
  80007: [400, 'hold account'],
  130429: [400, 'retry'],
  131056: [400, 'hold recipient'],
  131048: [400, 'hold account alert'],
  131016: [500, 'retry'],
  133004: [503, 'retry'],
  131000: [500, 'retry'],
  131057: [500, 'retry'],
  134101: [400, 'retry'],
  0: [401, 'hold account alert'],
  190: [401, 'hold account alert'],
  3: [500, 'hold account alert'],
  10: [403, 'hold account alert'],
  131005: [403, 'hold account alert'],
  33: [400, 'failed'],
  100: [400, 'failed'],
  131008: [400, 'failed'],
  131009: [400, 'failed'],
  131021: [400, 'failed'],
  131026: [400, 'failed'],
  131030: [400, 'failed'],
  131031: [403, 'hold account alert'],
  368: [403, 'hold account alert'],
  131037: [400, 'hold account alert'],
  131042: [400, 'hold account alert'],
  131045: [500, 'hold account alert'],
  133010: [400, 'hold account alert'],
  131047: [400, 'failed'],
  131049: [400, 'failed'],
  131050: [400, 'failed'],
  131051: [400, 'failed'],
  131052: [400, 'failed'],
  131053: [400, 'failed'],
  131055: [400, 'failed'],
  134100: [400, 'failed'],
  131062: [400, 'failed'],
  131063: [400, 'failed'],
  131064: [400, 'failed'],
  130472: [400, 'failed'],
  130497: [403, 'failed'],
  132000: [400, 'failed'],
  132001: [404, 'failed'],
  132005: [400, 'failed'],
  132007: [400, 'failed'],
  132012: [400, 'failed'],
  132015: [400, 'failed'],
  132016: [400, 'failed'],
  132068: [400, 'failed'],
  132069: [400, 'retry'],
  133016: [400, 'hold account'],
  135000: [400, 'failed'],
}
describe('codes', () => {
  test('every code of the table is expected here, and the other way round', () => {
    assert.deepEqual(Object.keys(CLOUD_API_CODES).sort(), Object.keys(EXPECTED).sort())
  })

  for (const [code, [status, expected]] of Object.entries(EXPECTED)) {
    test(`${code} (HTTP ${status}): ${expected}`, async () => {
      const result = await meeting(failed(status, Number(code)))

      assert.equal(gist(result), expected)
      assert.ok('error' in result && result.error)
      assert.equal(result.error.code, Number(code))
      assert.ok(result.error.advice.length > 20)
    })
  }

  test('the details of a refused field are shown', async () => {
    const result = await meeting(failed(400, 131009, 'Button title length invalid. Min length: 1, Max length: 20'))

    assert.equal(
      result.outcome === 'failed' && result.reason,
      'A field has a value that WhatsApp does not accept: Button title length invalid. Min length: 1, Max length: 20',
    )
  })

  const waits: [code: number, afterMs: number | undefined, atMost: number | undefined][] = [
    [1, undefined, 2],
    [131000, undefined, 4],
    [130429, undefined, undefined],
    [131056, undefined, undefined],
    [134101, 600_000, undefined],
    [131048, 3_600_000, undefined],
  ]
  for (const [code, afterMs, atMost] of waits) {
    test(`${code} waits ${afterMs ?? 'the usual backoff'}, ${atMost ?? 'any number of'} tries`, async () => {
      const result = await meeting(failed(400, code))

      assert.ok(result.outcome === 'retry' || result.outcome === 'hold')
      assert.equal(result.afterMs, afterMs)
      if (result.outcome === 'retry') assert.equal(result.atMost, atMost)
    })
  }
})

test('without credentials nothing leaves, and the missing ones are named', async () => {
  const bare = cloudApi({}, { WHATSAPP_ACCESS_TOKEN: 'token' })

  const result = await bare.send(parcel(), patient())

  assert.equal(result.outcome === 'hold' && result.reason, 'Not configured: WHATSAPP_PHONE_NUMBER_ID')
  assert.deepEqual(bare.missing, ['WHATSAPP_PHONE_NUMBER_ID', 'WHATSAPP_APP_SECRET', 'WHATSAPP_VERIFY_TOKEN'])
})

test('settings show no secret', () => {
  const { settings } = cloudApi({ appSecret: ['a-secret-of-meta', 'another-secret'], accessToken: 'EAAG0123456789abcd', verifyToken: 'word' }, {})

  assert.deepEqual(settings, {
    phoneNumberId: 'not set',
    accessToken: '••••abcd',
    appSecret: '••••meta, ••••cret',
    verifyToken: '••••',
    baseUrl: 'https://graph.facebook.com/v25.0',
    perSecond: '80',
  })
})
