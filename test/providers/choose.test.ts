import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WaError } from '../../lib/errors'
import { halfConfigured, providerFromEnv } from '../../lib/providers/choose'

const EXOTEL = { EXOTEL_ACCOUNT_SID: 'demo', EXOTEL_API_KEY: 'key', EXOTEL_API_TOKEN: 'token', EXOTEL_FROM: '+918000000001' }
const META = { WHATSAPP_PHONE_NUMBER_ID: '100000000000001', WHATSAPP_ACCESS_TOKEN: 'token' }

describe('the provider', () => {
  const cases: [says: string, env: Record<string, string>, name: string][] = [
    ['nothing set', {}, 'simulator'],
    ['empty variables', { WA_PROVIDER: ' ', EXOTEL_API_KEY: '', EXOTEL_ACCOUNT_SID: ' ' }, 'simulator'],
    ['half of the credentials', { EXOTEL_API_KEY: 'key' }, 'simulator'],
    ['the credentials of Exotel', EXOTEL, 'exotel'],
    ['the credentials of Meta', META, 'cloudApi'],
    ['those of Exotel and half of those of Meta', { ...EXOTEL, WHATSAPP_ACCESS_TOKEN: 'token' }, 'exotel'],
    ['both, and one named', { ...EXOTEL, ...META, WA_PROVIDER: 'cloud-api' }, 'cloudApi'],
    ['both, and the simulator named', { ...EXOTEL, ...META, WA_PROVIDER: 'simulator' }, 'simulator'],
    ['one named, without the secret of its webhook', { ...EXOTEL, WA_PROVIDER: 'exotel' }, 'exotel'],
  ]
  for (const [says, env, name] of cases) test(`with ${says} is ${name}`, () => assert.equal(providerFromEnv(env).name, name))
})

function thrownBy(env: Record<string, string>): WaError {
  try {
    providerFromEnv(env)
  } catch (error) {
    if (error instanceof WaError) return error
  }
  throw new Error('no WaError was thrown')
}

test('a misspelt name is refused with the known ones and a suggestion', () => {
  const error = thrownBy({ WA_PROVIDER: 'exotl' })

  assert.equal(error.code, 'WA_PROVIDER_UNKNOWN')
  assert.equal(error.message, 'Unknown provider "exotl". Known providers: exotel, cloud-api, simulator.')
  assert.match(error.faults[0]?.fix ?? '', /"exotel"/)
})

test('a name that every object knows is unknown here too', () => {
  assert.equal(thrownBy({ WA_PROVIDER: 'constructor' }).code, 'WA_PROVIDER_UNKNOWN')
})

test('a named provider without credentials names every missing variable', () => {
  const error = thrownBy({ WA_PROVIDER: 'exotel', EXOTEL_API_KEY: 'key' })

  assert.equal(error.code, 'WA_PROVIDER_UNCONFIGURED')
  assert.equal(error.message, 'Provider "exotel" cannot send yet: EXOTEL_ACCOUNT_SID, EXOTEL_API_TOKEN, EXOTEL_FROM are not set.')
  assert.deepEqual(
    error.faults.map((fault) => fault.path),
    ['EXOTEL_ACCOUNT_SID', 'EXOTEL_API_TOKEN', 'EXOTEL_FROM'],
  )
})

test('two providers with complete credentials are not guessed between', () => {
  const error = thrownBy({ ...EXOTEL, ...META })

  assert.equal(error.code, 'WA_PROVIDER_UNCONFIGURED')
  assert.match(error.message, /Set WA_PROVIDER to "exotel" or "cloud-api"\.$/)
})

test('credentials that are half there are named, because one was most likely forgotten', () => {
  assert.deepEqual(halfConfigured({ EXOTEL_ACCOUNT_SID: 'a', EXOTEL_API_KEY: 'b', EXOTEL_FROM: '+1' }), [
    'The credentials of exotel are not complete, so it is not used: EXOTEL_API_TOKEN is not set.',
  ])
  assert.deepEqual(halfConfigured({}), [])
  assert.deepEqual(halfConfigured({ WA_PROVIDER: 'simulator', EXOTEL_ACCOUNT_SID: 'a' }), [])
})
