import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WaError } from '../../lib/errors'
import { messageOf } from '../../lib/model/send-check'
import { x } from './samples'

const link = 'https://cdn.example/a.jpg'

const RIGHT: [input: object, sent: object][] = [
  [{ text: 'Hello' }, { type: 'text', text: 'Hello' }],
  [
    { text: x(4096), preview: true },
    { type: 'text', text: x(4096), preview: true },
  ],
  [
    { image: { link }, caption: x(1024) },
    { type: 'image', image: { link }, caption: x(1024) },
  ],
  [
    { image: { id: '123' }, caption: '' },
    { type: 'image', image: { id: '123' } },
  ],
  [{ video: { link } }, { type: 'video', video: { link } }],
  [{ audio: { id: '1' } }, { type: 'audio', audio: { id: '1' } }],
  [
    { document: { link }, filename: 'invoice.pdf', caption: 'Yours' },
    { type: 'document', document: { link }, filename: 'invoice.pdf', caption: 'Yours' },
  ],
  [{ location: { latitude: -90, longitude: 180, name: 'Cafe' } }, { type: 'location', location: { latitude: -90, longitude: 180, name: 'Cafe' } }],
  [
    { reaction: '👍', to: '41' },
    { type: 'reaction', reaction: { emoji: '👍', to: '41' } },
  ],
  [
    { reaction: '', to: '41' },
    { type: 'reaction', reaction: { emoji: '', to: '41' } },
  ],
  [
    { raw: { type: 'contacts', contacts: [{ name: { formatted_name: 'Asha' } }] } },
    { type: 'raw', raw: { type: 'contacts', contacts: [{ name: { formatted_name: 'Asha' } }] } },
  ],
  [
    { text: 'half \ud83d, zero \u0000', caption: undefined },
    { type: 'text', text: 'half \ufffd, zero \ufffd' },
  ],
]
for (const [input, sent] of RIGHT) test(`${JSON.stringify(input).slice(0, 70)} can be sent`, () => assert.deepEqual(messageOf(input), sent))

const WRONG: [input: unknown, paths: string[], message?: RegExp][] = [
  [null, ['']],
  ['Hello', ['']],
  [{}, ['']],
  [{ txt: 'Hello' }, [''], /Did you mean "text"\?/],
  [{ text: 'a', image: { link } }, [''], /text and image at once/],
  [{ text: '' }, ['text']],
  [{ text: ' \n' }, ['text']],
  [{ text: x(4097) }, ['text'], /4097 characters; WhatsApp takes at most 4096/],
  [{ text: 5 }, ['text']],
  [{ text: 'a', preview: 'yes' }, ['preview']],
  [{ text: 'a', captoin: 'b' }, ['captoin']],
  [{ image: { link }, caption: x(1025) }, ['caption']],
  [{ image: { link }, captoin: 'x' }, ['captoin'], /Did you mean "caption"\?/],
  [{ image: link }, ['image']],
  [{ image: {} }, ['image']],
  [{ image: { link, id: '1' } }, ['image']],
  [{ image: { link: 'http://cdn.example/a.jpg' } }, ['image.link']],
  [{ image: { link: 'https://127.0.0.1/a.jpg' } }, ['image.link']],
  [{ image: { link: '' } }, ['image.link']],
  [{ image: { data: new Uint8Array(1), type: 'image/png' } }, ['image.data'], /cannot be uploaded yet/],
  [{ document: { link } }, ['filename']],
  [{ audio: { link }, caption: 'x' }, ['caption']],
  [{ location: { latitude: 91, longitude: -181 } }, ['location.latitude', 'location.longitude']],
  [{ location: { latitude: '12', longitude: Number.NaN } }, ['location.latitude', 'location.longitude']],
  [{ location: 'here' }, ['location', 'location.latitude', 'location.longitude']],
  [{ reaction: 5, to: '' }, ['reaction', 'to']],
  [{ reaction: '👍' }, ['to']],
  [{ raw: { type: 5 } }, ['raw']],
  [{ raw: { type: 'contacts', contacts: 1n } }, ['']],
]
for (const [input, expected, message] of WRONG) {
  test(`${typeof input === 'object' ? Object.keys(input ?? { null: 1 }).join(', ') || 'nothing' : input} with a mistake at ${expected.join(', ') || 'the whole'} is refused`, () => {
    assert.throws(
      () => messageOf(input),
      (error: unknown) => {
        assert.ok(error instanceof WaError && error.code === 'WA_MESSAGE_INVALID')
        assert.deepEqual(
          error.faults.map((fault) => fault.path),
          expected,
        )
        if (message) assert.match(error.message, message)
        return true
      },
    )
  })
}
