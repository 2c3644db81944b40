import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { cloudApi } from '../../lib/providers/cloud-api'
import { EXOTEL_CODES } from '../../lib/providers/codes-exotel'
import { exotel } from '../../lib/providers/exotel'
import type { Provider, SendResult } from '../../lib/providers/provider'
import { accepted, acceptedWithFailedItem, type FakeExotel, failedItem, fakeExotel, item, mixed, refused, tooManyRequests } from '../fakes/fake-exotel'
import type { Act } from '../fakes/fake-server'
import { parcel, patient } from '../fakes/parcel'

let fake: FakeExotel
let provider: Provider
before(async () => {
  fake = await fakeExotel()
})
beforeEach(() => {
  provider = exotel({ accountSid: 'demo', apiKey: 'key', apiToken: 'token', from: '+918000000001', baseUrl: `${fake.url}/` }, {})
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
/** outcome, scope, alert: what the engine acts upon. */
const gist = (result: SendResult): string =>
  [result.outcome, 'scope' in result ? result.scope : '', 'alert' in result && result.alert ? 'alert' : ''].filter(Boolean).join(' ')

test('a message goes to the account of the region and its id is the sid of its item', async () => {
  const result = await provider.send(parcel({ statusCallback: 'https://app.example.test/wa/webhook?token=t' }), patient())

  assert.deepEqual(result, { outcome: 'accepted', providerId: fake.taken[0]?.id })
  assert.equal(fake.requests[0]?.url, '/v2/accounts/demo/messages')
  assert.deepEqual(fake.requests[0]?.body, provider.wire(parcel({ statusCallback: 'https://app.example.test/wa/webhook?token=t' })))
})

const html = (status: number): Act => ({ status, body: '<html>Bad gateway</html>' })
const ROWS: [says: string, act: Act, expected: string][] = [
  ['202 with its sid', accepted('ExSid9'), 'accepted'],
  ['200 with its sid', { ...accepted('ExSid9'), status: 200 }, 'accepted'],
  ['an item whose error is empty', mixed({ code: 202, status: 'success', error_data: {}, data: { sid: 'ExSid9' } }), 'accepted'],
  ['207 whose item is good', mixed(item('ExSid9'), failedItem(1002)), 'accepted'],
  ['207 whose item failed', mixed(failedItem(1002), item('ExSid9')), 'failed'],
  ['202 with a failed item', acceptedWithFailedItem(1002), 'failed'],
  ['202 with an item that failed for a moment', acceptedWithFailedItem(30009), 'retry'],
  ['202 with an item of a code we do not know', acceptedWithFailedItem(77, 422), 'failed'],
  ['202 with an item that had a fault of the server', acceptedWithFailedItem(77, 500), 'uncertain'],
  ['202 with an item refused for its rate', acceptedWithFailedItem(77, 429), 'hold account'],
  ['202 with a good item and no sid', accepted(null), 'uncertain'],
  ['202 with an empty sid', accepted(''), 'uncertain'],
  ['202 with nothing', { status: 202, body: {} }, 'uncertain'],
  ['202 that is no JSON', html(202), 'uncertain'],
  ['200 with an error of the whole', refused(200, 1001), 'failed'],
  ['200 with an unknown error of the whole', refused(200, 77), 'failed'],
  ['500 with a sid', { ...accepted('ExSid9'), status: 500 }, 'uncertain'],
  ['400 with 1001', refused(400, 1001, 'at least one channel is mandatory'), 'failed'],
  ['400 with 1002', refused(400, 1002), 'failed'],
  ['400 with nothing', html(400), 'failed'],
  ['401 with 1010', refused(401, 1010), 'hold account alert'],
  ['401 with nothing', html(401), 'hold account alert'],
  ['402', html(402), 'hold account alert'],
  ['403', html(403), 'hold account alert'],
  ['404', html(404), 'failed'],
  ['408', html(408), 'uncertain'],
  ['422', html(422), 'failed'],
  ['429', tooManyRequests(), 'hold account'],
  ['500', html(500), 'uncertain'],
  ['502', html(502), 'uncertain'],
  ['503', html(503), 'uncertain'],
  ['503 with a code of the tables', refused(503, 30004), 'retry'],
  ['504', html(504), 'uncertain'],
  ['a redirect', { status: 302, body: '', headers: { location: 'https://elsewhere.example' } }, 'hold account alert'],
  ['a connection dropped after the message was taken', 'drop', 'uncertain'],
  ['half an answer', 'truncate', 'uncertain'],
]
describe('answers', () => {
  for (const [says, act, expected] of ROWS) test(`${says}: ${expected}`, async () => assert.equal(gist(await meeting(act)), expected))

  test('429 waits as long as it asks for', async () => {
    const result = await meeting(tooManyRequests('7'))

    assert.ok(result.outcome === 'hold')
    assert.equal(result.afterMs, 7000)
  })

  test('a hanging request ends with its signal and is uncertain', async () => {
    const giveUp = new AbortController()
    fake.next('hang')

    const result = provider.send(parcel(), giveUp.signal)
    await fake.received(fake.requests.length + 1)
    giveUp.abort()

    assert.equal((await result).outcome, 'uncertain')
  })

  test('a server that is not there is a retry', async () => {
    const gone = await fakeExotel()
    await gone.close()
    const lost = exotel({ accountSid: 'demo', apiKey: 'key', apiToken: 'token', from: '+918000000001', baseUrl: gone.url }, {})

    assert.equal((await lost.send(parcel(), patient())).outcome, 'retry')
    lost.close?.()
  })
})

const OUTCOME = {
  retry: 'retry',
  'hold-recipient': 'hold recipient',
  'hold-account': 'hold account',
  'needs-template': 'failed',
  permanent: 'failed',
  uncertain: 'uncertain',
} as const
describe('codes', () => {
  for (const [code, row] of Object.entries(EXOTEL_CODES)) {
    test(`${code} ${row.name}: ${row.class}, with words for a person`, async () => {
      const result = await meeting(acceptedWithFailedItem(Number(code)))

      assert.equal(gist(result), `${OUTCOME[row.class]}${row.alert ? ' alert' : ''}`)
      assert.ok('error' in result && result.error)
      assert.equal(result.error.code, Number(code))
      assert.ok(result.error.title.startsWith(row.title))
      assert.ok(result.error.advice.endsWith(row.advice))
      if (result.outcome === 'retry') assert.equal(result.atMost, row.atMost)
    })
  }
})

test('without credentials nothing leaves, and the missing ones are named', async () => {
  const bare = exotel({ apiKey: 'key' }, { EXOTEL_FROM: '' })

  const result = await bare.send(parcel(), patient())

  assert.equal(gist(result), 'hold account alert')
  assert.equal(result.outcome === 'hold' && result.reason, 'Not configured: EXOTEL_ACCOUNT_SID, EXOTEL_API_TOKEN, EXOTEL_FROM')
  assert.deepEqual(bare.missing, ['EXOTEL_ACCOUNT_SID', 'EXOTEL_API_TOKEN', 'EXOTEL_FROM', 'EXOTEL_WEBHOOK_TOKEN'])
})

test('a message that has no shape on this wire fails visibly and is not sent', async () => {
  const before = fake.requests.length

  const result = await provider.send(parcel({ to: { phone: null, bsuid: 'IN.7Qx2Test' } }), patient())

  assert.equal(result.outcome, 'failed')
  assert.equal(fake.requests.length, before)
})

test('settings show where it sends, and of secrets the last four characters', () => {
  const { settings } = exotel(
    {},
    {
      EXOTEL_ACCOUNT_SID: 'demo',
      EXOTEL_API_KEY: 'key-0123456789',
      EXOTEL_API_TOKEN: 'token-0123456789',
      EXOTEL_WEBHOOK_TOKEN: 'a-webhook-token-a,a-webhook-token-b',
    },
  )

  assert.deepEqual(settings, {
    accountSid: 'demo',
    apiKey: '••••6789',
    apiToken: '••••6789',
    from: 'not set',
    baseUrl: 'https://api.exotel.com',
    webhookToken: '••••en-a, ••••en-b',
    body: 'envelope',
    perSecond: '5',
  })
})

test('options win over the environment, and an empty option is unset', () => {
  const env = { EXOTEL_ACCOUNT_SID: 'from-env', EXOTEL_BASE_URL: 'https://api.in.exotel.com/' }

  assert.equal(exotel({ accountSid: 'given' }, env).settings.accountSid, 'given')
  assert.equal(exotel({ accountSid: '' }, env).settings.accountSid, 'from-env')
  assert.equal(exotel({}, env).settings.baseUrl, 'https://api.in.exotel.com')
})

test('the rate is an option, or else a variable, of either provider; what is no positive number is refused by its name', () => {
  const env = { EXOTEL_PER_SECOND: '2.5', WHATSAPP_PER_SECOND: ' 40 ' }

  assert.equal(exotel({}, env).settings.perSecond, '2.5')
  assert.equal(exotel({ perSecond: 7 }, env).settings.perSecond, '7')
  assert.equal(exotel({}, { EXOTEL_PER_SECOND: '' }).settings.perSecond, '5')
  assert.equal(cloudApi({}, env).settings.perSecond, '40')
  for (const rate of ['0', '-1', 'fast', 'Infinity']) {
    assert.throws(() => exotel({}, { EXOTEL_PER_SECOND: rate }), {
      code: 'WA_OPTION_INVALID',
      message: `EXOTEL_PER_SECOND is "${rate}"; it must be a positive number, requests a second. Leave it out for 5.`,
    })
  }
  assert.throws(() => exotel({ perSecond: 0 }, env), { message: /^perSecond is 0;/ })
})

test('a base URL that is none, or that carries credentials, is refused with the way out', () => {
  for (const baseUrl of ['api.in.exotel.com', 'ftp://api.exotel.com', 'https://key:token@api.exotel.com']) {
    assert.throws(() => exotel({ baseUrl }, {}), { code: 'WA_OPTION_INVALID' })
  }
  assert.throws(
    () => exotel({ baseUrl: 'https://key:s3cret@api.exotel.com' }, {}),
    (error: Error) => !error.message.includes('s3cret'),
  )
})
