import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { WaError } from '../../lib/errors'
import { faultsOf } from '../../lib/model/check'
import { compile } from '../../lib/model/compile'
import type { MenuSpec } from '../../lib/model/menu'
import type { SentMessage } from '../../lib/model/message'
import { render, renderTemplate } from '../../lib/model/render'
import { prepareMenu, type Written } from '../../lib/outbox/prepared-menu'
import { cloudApi } from '../../lib/providers/cloud-api'
import { exotel } from '../../lib/providers/exotel'
import type { Parcel, Provider } from '../../lib/providers/provider'
import { x } from '../model/samples'

const oneOf = <T>(...values: T[]): fc.Arbitrary<T> => fc.constantFrom(...values)
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined })

const joined = (max: number, ...pieces: string[]): fc.Arbitrary<string> =>
  fc.array(oneOf(...pieces), { minLength: 1, maxLength: max }).map((some) => some.join(''))
/** Nearly all of them with an id of their own. */
const numbered = (options: { id: string }[]): { id: string }[] => options.map((one, at) => ({ ...one, id: one.id.endsWith('!') ? one.id : `${at}${one.id}` }))

/** Words with variables among them, of all kinds that a menu may hold, and some that it may not. */
const words = joined(4, 'Hi ', 'Hi ', '{{a}}', '{{ b }}', '{{c}}', '"\\\n', ' नमस्ते ', '🙂', ' ', '\u200b', '{{d}}', '\ue0000_0\ue000')
const label = joined(2, 'A', 'B', '{{a}}', '{{b}}', ' C ', '🙂', '{{d}}')
const optionId = joined(3, 'pay', '{{a}}', ':{{b}}', ':', '{{d}}', '!')
const address = oneOf(
  'https://shop.example/1',
  'https://shop.example/{{a}}?q={{b}}#{{c}}',
  'https://shop.example?{{a}}',
  'https://{{a}}.example/',
  'https://shop.example{{a}}/',
  'https://shop.example:{{a}}/',
  'https://{{a}}@shop.example/',
)
const header = fc.oneof(
  fc.record({ type: oneOf('text'), text: words }),
  fc.record({ type: oneOf('image', 'video'), link: address }),
  fc.record({ type: oneOf('document'), id: label, filename: words }),
)
const parameter = fc.record({ type: oneOf('text'), text: words, n: oneOf<unknown>(1, null, { deep: '{{b}}' }) })
const component = fc.record({ type: oneOf('body', '{{a}}'), parameters: fc.array(parameter, { maxLength: 2 }) })
const template = fc.record({ name: oneOf('ours'), language: oneOf('en_US'), components: fc.array(component, { maxLength: 2 }) })
const framed = { key: oneOf('m'), body: words, footer: maybe(words), template: maybe(template) }
const option = fc.record({ id: optionId, title: label })
const options = (max: number) => fc.array(option, { minLength: 1, maxLength: max }).map(numbered)
const rows = (min: number) => fc.array(fc.record({ id: optionId, title: label, description: maybe(words) }), { minLength: min, maxLength: 3 }).map(numbered)
const fromData = fc.record({
  id: oneOf('slot:{{id}}', '{{id}}', 'x{{id}}y{{a}}', '{{id}}{{note}}'),
  title: oneOf('{{time}}', 'At {{time}}', 'Fixed'),
  description: maybe(oneOf('{{note}}', 'Dr. {{note}} {{b}}', ' ')),
})
const section = fc.oneof(
  fc.record({ title: label, rows: rows(1) }),
  fc.record({ title: label, rows: rows(0), each: oneOf('slots', 'more'), row: fromData, empty: maybe(label) }),
)
const declared = maybe(fc.record({ a: oneOf({ default: 'Asha' }, { sample: 'x' }), note: oneOf({ default: 'Rao' }, {}) }))
const menus: fc.Arbitrary<Record<string, unknown>> = fc
  .oneof(
    fc.record({ ...framed, header: maybe(header), type: oneOf('button'), buttons: options(3) }),
    { weight: 3, arbitrary: fc.record({ ...framed, type: oneOf('list'), button: label, sections: fc.array(section, { minLength: 1, maxLength: 3 }) }) },
    fc.record({ ...framed, type: oneOf('cta_url'), buttons: fc.array(fc.record({ title: label, url: address }), { minLength: 1, maxLength: 2 }) }),
    fc.record({ ...framed, type: oneOf('cta_phone'), buttons: fc.tuple(fc.record({ title: label, phone: oneOf('+911140000000', '+{{a}}') })) }),
    fc.record({ key: oneOf('m'), type: oneOf('text'), body: words, template: maybe(template) }),
    fc.record({ key: oneOf('m'), type: oneOf('template'), template }),
  )
  .chain((menu) => declared.map((variables) => clean({ ...menu, variables })))

/** Mostly what belongs there; now and then what is too long, alike, blank, of a wrong kind or not known. */
const odd = oneOf<unknown>('', ' ', 'x ', x(25), x(300), x(1100), '\u200b', '\ud83d', 'a\u0000b', undefined, null, Number.NaN, true, {}, [], 'Asha')
const usual = (...values: unknown[]) => fc.oneof({ weight: 20, arbitrary: oneOf(...values) }, { weight: 1, arbitrary: odd })
const single = { a: usual('Asha', 7), b: usual('ORD-1', 'a "b" \\ {{a}}'), c: usual('नमस्ते', '\n'), d: usual('🙂🙂', 'x') }
const item = fc
  .record({ id: fc.nat(99), time: usual('9:00', '"10"'), note: fc.oneof(usual('Rao', ''), oneOf(undefined)), a: maybe(single.a), b: maybe(single.b) })
  .map((one) => clean(one))
const items = fc.oneof(
  { weight: 12, arbitrary: fc.uniqueArray(item, { minLength: 1, maxLength: 7, selector: ({ id }) => id }) },
  {
    weight: 1,
    arbitrary: oneOf<unknown>(
      [],
      undefined,
      'x',
      {},
      [null],
      [[]],
      ['x'],
      [{}],
      [
        { id: 1, time: 1, note: 1 },
        { id: 1, time: 1, note: 1 },
      ],
    ),
  },
)
const seldom = (...values: unknown[]) => fc.oneof({ weight: 8, arbitrary: oneOf<unknown>(undefined) }, { weight: 1, arbitrary: oneOf(...values) })
const variables = fc.record({ ...single, slots: items, more: items, note: seldom('Iyer'), extra: seldom(null, 1) }).map((given) => clean(given))

const clean = (fields: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(fields).filter(([, one]) => one !== undefined))
/** What chance would seldom bring together: too many rows out of two arrays; a field that stands for a text, or that is given beside the items. */
const pairOf = (each: string, title: string, row = { id: `${each}:{{id}}`, title: '{{note}}' }) => ({ title, each, row })
const six = Array.from({ length: 6 }, (_, id) => ({ id, note: `n${id}` }))
const byData = (sections: unknown[], more: object = {}) => ({ key: 'm', type: 'list', body: 'Hi {{a}}', button: 'Open', sections, ...more })
const SELDOM: [Record<string, unknown>, Record<string, unknown>[]][] = [
  [byData([pairOf('slots', 'A'), pairOf('more', 'B')]), [{ a: 1, slots: six, more: six }]],
  [byData([pairOf('slots', 'A', { id: 's:{{id}}', title: '{{a}}' })], { variables: { a: { default: 'x' } } }), [{ a: 'given', slots: [{ id: 1 }] }]],
  [byData([pairOf('slots', 'A')], { variables: { note: { default: 'x' } } }), [{ a: 1, note: 'given', slots: [{ id: 1 }] }]],
]

const attempt = <T>(work: () => T): T | { code: string; message: string; faults: unknown } => {
  try {
    return work()
  } catch (error) {
    assert.ok(error instanceof WaError, error instanceof Error ? error.stack : String(error))
    return { code: error.code, message: error.message, faults: error.faults }
  }
}

const CREDENTIALS = { accountSid: 'sid', apiKey: 'key', apiToken: 'token', from: '+918000000001', webhookToken: 'a-token-of-16-signs' }
const wires: Provider[] = [cloudApi({ phoneNumberId: '1', accessToken: 't' }, {}), exotel(CREDENTIALS, {}), exotel({ ...CREDENTIALS, body: 'flat' }, {})]
/** The bytes that leave: with the content that was written with the decision, or with what is made of the log. */
const bytesOf = (message: SentMessage, content: string | null): unknown[] => {
  const parcel: Parcel = {
    to: { phone: '+919800000001', bsuid: null },
    message,
    ref: 'r'.repeat(22),
    replyTo: 'wamid.X',
    statusCallback: 'https://a.example/wa',
    content,
  }
  return wires.map((provider) => attempt(() => JSON.stringify(provider.wire(parcel))))
}
const whole = ({ type, json, content, text }: Written) => ({ type, json, text, bytes: bytesOf(JSON.parse(json) as SentMessage, content) })
const slowly = (message: SentMessage | null) =>
  message && { type: message.type, json: JSON.stringify(message), text: textOf(message), bytes: bytesOf(message, null) }
const textOf = (message: SentMessage): string =>
  message.type === 'text'
    ? message.text
    : message.type === 'template'
      ? (message.shown?.body ?? `Template ${message.template.name}`)
      : (message as { body: string }).body

test('a prepared menu leaves with the bytes, and fails with the faults, of one that is read, filled in and judged each time', () => {
  let quick = 0
  let faulty = 0
  let published = 0
  fc.assert(
    fc.property(menus, fc.array(variables, { minLength: 1, maxLength: 3 }), (spec, givens) => {
      const menu = spec as unknown as MenuSpec
      const isPublished = faultsOf(menu).length === 0
      const alsoKnown = ['a', 'b', 'c', 'd', 'slots', 'more']
      const prepared = prepareMenu(menu, alsoKnown)
      const compiled = compile(menu, alsoKnown, [])
      for (const given of givens) {
        const expected = attempt(() => {
          const message = render(menu, given, { alsoKnown })
          return [slowly(message), slowly(renderTemplate(menu, given, { alsoKnown }))]
        })
        const found = attempt(() => {
          const written = prepared(given)
          const template = written.template()
          return [whole(written.message), template && whole(template)]
        })
        assert.deepEqual(found, expected)
        if (isPublished) published++
        if (!Array.isArray(expected)) faulty++
        else if (compiled?.fill(given)) quick++
      }
    }),
    { numRuns: 2000, examples: SELDOM },
  )
  assert.ok(published > 500 && quick > 150 && faulty > 150, `${published} published, ${quick} written the quick way, ${faulty} with faults`)
})
