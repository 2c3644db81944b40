import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { hmacMatches, isOneOf, maskSecret, safeEqual, withoutSecrets } from '../../lib/providers/secrets'

test('equal secrets are equal, others are not, whatever their lengths', () => {
  assert.equal(safeEqual('abc', 'abc'), true)
  for (const other of ['', 'ab', 'abd', 'abcd', 'ABC', 'é']) assert.equal(safeEqual('abc', other), false, other)
})

test('during rotation either of two secrets is valid, and a removed one is not', () => {
  assert.equal(isOneOf(['new', 'old'], 'old'), true)
  assert.equal(isOneOf(['new'], 'old'), false)
  assert.equal(isOneOf([], ''), false)
})

const SECRET = 'test-app-secret'
const V1 = ['{"object":"whatsapp_business_account","entry":[]}', 'sha256=c84a394cc475525991e78ff16e430b02e47f953877d2af0ade26956ce6f384dc'] as const
const V2 = ['{"t":"caf\\u00e9 \\/ a\\u0040b"}', 'sha256=90614a28bb300b7262e357b796e42ce41d02724de7a95b89f7ebc4e4299a6639'] as const
const V3 = ['{"t":"café / a@b"}', 'sha256=1a72f7e43fad6034331c9c5ddd679fa3396f9d0da4adcc85c5ac4f093b9ddc26'] as const
const V4 = ['', 'sha256=a7dfadfa864dba471c925e814eca5ee032a7ded01574b16ac33dd477b5d6d0f7'] as const

const SIGNATURES: [says: string, body: string, header: string | undefined, valid: boolean][] = [
  ['an ASCII body', ...V1, true],
  ['escaped characters, as Meta sends them', ...V2, true],
  ['the same characters unescaped have another signature', ...V3, true],
  ['an empty body', ...V4, true],
  ['upper-case digits', V1[0], V1[1].toUpperCase().replace('SHA256', 'sha256'), true],
  ['unescaped bytes under the signature of escaped ones', V3[0], V2[1], false],
  ['escaped bytes under the signature of unescaped ones', V2[0], V3[1], false],
  ['no header', V1[0], undefined, false],
  ['an empty header', V1[0], '', false],
  ['sha1', V1[0], V1[1].replace('sha256=', 'sha1='), false],
  ['one digit short', V1[0], V1[1].slice(0, -1), false],
  ['one digit too many', V1[0], `${V1[1]}0`, false],
  ['64 characters that are no digits', V1[0], `sha256=${'z'.repeat(64)}`, false],
  ['two headers joined', V1[0], `${V1[1]}, ${V1[1]}`, false],
]
for (const [says, body, header, valid] of SIGNATURES) {
  test(`signature: ${says} ${valid ? 'is valid' : 'is refused'}`, () => {
    assert.equal(hmacMatches([SECRET], Buffer.from(body), header), valid)
    assert.equal(hmacMatches(['another', SECRET], Buffer.from(body), header), valid)
    assert.equal(hmacMatches(['another'], Buffer.from(body), header), false)
    assert.equal(hmacMatches([], Buffer.from(body), header), false)
  })
}

test('a masked secret shows its last four characters, a short one nothing', () => {
  assert.equal(maskSecret('EAAG0123456789abcd'), '••••abcd')
  assert.equal(maskSecret('hunter2'), '••••')
})

test('words of a provider lose phone numbers and tokens', () => {
  assert.equal(withoutSecrets('Malformed access token EAAGm0PX4ZCpsBAKZB123456789xyz'), 'Malformed access token …9xyz')
  assert.equal(withoutSecrets('+919800000001 is not in the list (131030)'), '+…0001 is not in the list (131030)')
  assert.equal(withoutSecrets('INVALID_TEMPLATE_NAMESPACE of another'), 'INVALID_TEMPLATE_NAMESPACE of another')
})

test('secrets are compared in one file only', () => {
  const folder = join(__dirname, '..', '..', 'lib', 'providers')
  const comparing = readdirSync(folder).filter((file) => /timingSafeEqual|createHmac/.test(readFileSync(join(folder, file), 'utf8')))

  assert.deepEqual(comparing, ['secrets.ts'])
})
