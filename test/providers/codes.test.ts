import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CodeRow } from '../../lib/providers/codes'
import { CLOUD_API_CODES, cloudApiRow } from '../../lib/providers/codes-cloud-api'
import { EXOTEL_CODES, EXOTEL_GOOD, EXOTEL_PAYMENTS, exotelRow, exotelStatus } from '../../lib/providers/codes-exotel'

/** What a code asks for, in the words of the providers' tables. */
const ACTIONS = {
  retry: (row: CodeRow) => row.class === 'retry' && row.atMost === undefined,
  'retry once': (row: CodeRow) => row.class === 'retry' && row.atMost === 2,
  'retry ≤3': (row: CodeRow) => row.class === 'retry' && row.atMost === 4,
  'retry, minutes': (row: CodeRow) => /^(retry|hold-account)$/.test(row.class) && (row.afterMs ?? 0) >= 60_000 && !row.alert,
  'retry after 10 min': (row: CodeRow) => row.class === 'retry' && row.afterMs === 600_000,
  'hold this recipient': (row: CodeRow) => row.class === 'hold-recipient',
  'stop, alert': (row: CodeRow) => row.class === 'hold-account' && row.alert === true,
  'stop, alert; hours': (row: CodeRow) => row.class === 'hold-account' && row.alert === true && (row.afterMs ?? 0) >= 3_600_000,
  wait: (row: CodeRow) => /^(retry|hold-account)$/.test(row.class) && (row.afterMs ?? 0) >= 600_000 && !row.alert,
  permanent: (row: CodeRow) => row.class === 'permanent',
  'use a template': (row: CodeRow) => row.class === 'needs-template',
} as const
type Action = keyof typeof ACTIONS

/** Meta, Error codes. */
const META: [code: number, action: Action][] = [
  [1, 'retry once'],
  [2, 'retry'],
  [4, 'retry, minutes'],
  [80007, 'retry, minutes'],
  [130429, 'retry'],
  [131056, 'hold this recipient'],
  [131048, 'stop, alert; hours'],
  [131016, 'retry'],
  [133004, 'retry'],
  [131000, 'retry ≤3'],
  [131057, 'retry, minutes'],
  [134101, 'retry after 10 min'],
  [0, 'stop, alert'],
  [190, 'stop, alert'],
  [3, 'stop, alert'],
  [10, 'stop, alert'],
  [131005, 'stop, alert'],
  [33, 'permanent'],
  [100, 'permanent'],
  [131008, 'permanent'],
  [131009, 'permanent'],
  [131021, 'permanent'],
  [131026, 'permanent'],
  [131030, 'permanent'],
  [131031, 'stop, alert'],
  [368, 'stop, alert'],
  [131037, 'stop, alert'],
  [131042, 'stop, alert'],
  [131045, 'stop, alert'],
  [133010, 'stop, alert'],
  [131047, 'use a template'],
  [131049, 'permanent'],
  [131050, 'permanent'],
  [131051, 'permanent'],
  [131052, 'permanent'],
  [131053, 'permanent'],
  [131055, 'permanent'],
  [134100, 'permanent'],
  [131062, 'permanent'],
  [131063, 'permanent'],
  [131064, 'permanent'],
  [130472, 'permanent'],
  [130497, 'permanent'],
  [132000, 'permanent'],
  [132001, 'permanent'],
  [132005, 'permanent'],
  [132007, 'permanent'],
  [132012, 'permanent'],
  [132015, 'permanent'],
  [132016, 'permanent'],
  [132068, 'permanent'],
  [132069, 'wait'],
  [133016, 'wait'],
  [135000, 'permanent'],
]

/** Exotel, Error codes. The names are without the prefix that some have and some have not. */
const EXOTEL: [code: number, name: string, action: Action][] = [
  [1001, 'MANDATORY_PARAMETER_MISSING', 'permanent'],
  [1002, 'INVALID_PARAMETER', 'permanent'],
  [1010, 'AUTHORIZATION_FAILED', 'stop, alert'],
  [30004, 'SYSTEM_ERROR', 'retry'],
  [30005, 'NUMBER_ERROR', 'permanent'],
  [30006, 'SETUP_ERROR', 'permanent'],
  [30007, 'RATE_LIMIT_HIT', 'retry'],
  [30008, 'SPAM_RATE_LIMIT_HIT', 'stop, alert; hours'],
  [30009, 'TOO_MANY_REQUEST', 'retry'],
  [30010, 'INVALID_REQUEST', 'permanent'],
  [30011, 'UNKNOWN_ERROR', 'retry once'],
  [30012, 'INVALID_RECIPIENT', 'permanent'],
  [30013, 'INCAPABLE_RECIPIENT', 'permanent'],
  [30014, 'RECIPIENT_BLOCKED', 'permanent'],
  [30015, 'UNSUPPORTED_MESSAGE', 'permanent'],
  [30016, 'MEDIA_DOWNLOAD_ERROR', 'permanent'],
  [30017, 'MEDIA_UPLOAD_ERROR', 'permanent'],
  [30018, 'REENGAGEMENT_ERROR', 'use a template'],
  [30019, 'INVALID_PARAM', 'permanent'],
  [30020, 'MISSING_PARAM', 'permanent'],
  [30021, 'INVALID_PARAM_VALUE', 'permanent'],
  [30022, 'TEMPLATE_ERROR', 'permanent'],
  [30023, 'TEMPLATE_PARAM_ERROR', 'permanent'],
  [30024, 'TEMPLATE_NOT_FOUND', 'permanent'],
  [30025, 'TEMPLATE_TEXT_TOO_LONG', 'permanent'],
  [30026, 'INVALID_TEMPLATE_NAMESPACE', 'permanent'],
  [30027, 'MESSAGE_PENDING_TOO_LONG', 'permanent'],
  [30028, 'MESSAGE_EXPIRED', 'permanent'],
  [30029, 'MESSAGE_TOO_LONG', 'permanent'],
  [30030, 'WEBHOOK_ERROR', 'permanent'],
  [30031, 'SECTION_COUNT_ERROR', 'permanent'],
  [30032, 'ROWS_COUNT_ERROR', 'permanent'],
  [30033, 'PRODUCT_COUNT_ERROR', 'permanent'],
  [30034, 'CATALOGUE_NOT_FOUND', 'permanent'],
  [30035, 'CATALOGUE_NOT_LINKED', 'permanent'],
  [30036, 'MISSING_PRODUCT', 'permanent'],
  [30037, 'PRODUCT_NOT_FOUND', 'permanent'],
  [30038, 'PRODUCT_COMPLIANCE_ERROR', 'permanent'],
  [30039, 'INVALID_HEADER', 'permanent'],
  [30040, 'MISSING_COMPLIANCE', 'permanent'],
  [30041, 'CHAR_POLICY_VIOLATION', 'permanent'],
]

describe('Meta, Error codes', () => {
  for (const [code, action] of META) test(`${code}: ${action}`, () => assert.ok(asks(CLOUD_API_CODES[code], action), JSON.stringify(CLOUD_API_CODES[code])))

  test('each code stands in the table once, and in no other', () =>
    assert.deepEqual(Object.keys(CLOUD_API_CODES).map(Number).sort(), META.map(([code]) => code).sort()))

  test('200 to 299 are all about rights, and their neighbours are not', () => {
    for (const code of [200, 230, 299]) assert.ok(asks(cloudApiRow(code), 'stop, alert'))
    assert.deepEqual([cloudApiRow(199), cloudApiRow(300), cloudApiRow(999_999)], [undefined, undefined, undefined])
  })
})

describe('Exotel, Error codes', () => {
  for (const [code, name, action] of EXOTEL) {
    test(`${code} ${name}: ${action}`, () => {
      assert.ok(asks(EXOTEL_CODES[code], action), JSON.stringify(EXOTEL_CODES[code]))
      for (const written of [name, `EX_${name}`, `ex_${name.toLowerCase()} `]) assert.equal(exotelRow(0, written), EXOTEL_CODES[code], written)
      assert.equal(exotelRow(code), EXOTEL_CODES[code])
      if (code >= 30_000) assert.equal(exotelStatus(code, null), 'failed')
      assert.equal(exotelStatus(null, `EX_${name}`), 'failed')
    })
  }

  test('each code stands in the table once, and in no other', () =>
    assert.deepEqual(
      Object.keys(EXOTEL_CODES).map(Number),
      EXOTEL.map(([code]) => code),
    ))

  test('three codes are good news, two speak of payments, all others of 30xxx are failures', () => {
    assert.deepEqual(
      Object.entries(EXOTEL_GOOD).map(([code, { name, status }]) => `${code} ${name} ${status}`),
      ['30001 MESSAGE_SENT sent', '30002 MESSAGE_DELIVERED delivered', '30003 MESSAGE_SEEN read'],
    )
    assert.deepEqual([...EXOTEL_PAYMENTS], [30049, 30050])
    for (let code = 30_000; code <= 30_999; code++) {
      assert.equal(exotelStatus(code, null), EXOTEL_GOOD[code]?.status ?? (EXOTEL_PAYMENTS.has(code) ? null : 'failed'))
    }
  })

  test('the name decides when the number says otherwise: the portal’s table gives numbers other meanings', () => {
    assert.equal(exotelStatus(30003, 'EX_MESSAGE_DELIVERED'), 'delivered')
    assert.equal(exotelStatus(30002, 'EX_REENGAGEMENT_ERROR'), 'failed')
    assert.equal(exotelRow(30002, 'EX_REENGAGEMENT_ERROR'), EXOTEL_CODES[30018])
    assert.equal(exotelRow(0, 'EX_RESTRICTED_BY_META')?.class, 'permanent')
  })

  test('numbers of Meta pass through Exotel with the words of Meta', () => assert.equal(exotelRow(131026), CLOUD_API_CODES[131026]))
})

describe('words for people', () => {
  const rows: [string, CodeRow][] = [...Object.entries(CLOUD_API_CODES), ...Object.entries(EXOTEL_CODES)]

  for (const [code, { title, advice, class: kind, alert }] of rows) {
    test(`${code}: "${title}"`, () => {
      assert.ok(title.length >= 15 && title.length <= 80, 'a title is one line')
      assert.doesNotMatch(title, /\.$|HTTP|null|undefined|param|payload|\bAPI\b|_/, 'a title is no jargon')
      assert.match(advice, /^[A-Z].{15,160}\.$/s, 'advice is a sentence or two')
      if (kind === 'needs-template') assert.match(advice, /approved template/)
      if (alert) assert.match(advice, /developer|administrator|Send less|Top up|account/i, 'an alert says who must act')
    })
  }
})

const asks = (row: CodeRow | undefined, action: Action): boolean => row !== undefined && ACTIONS[action](row)
