import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { Incoming, IncomingMessage } from '../../lib/model/event'
import { ensureContact } from '../../lib/store/contacts'
import { ensureConversation } from '../../lib/store/conversations'
import { insertOutbound, providerKey } from '../../lib/store/messages'
import { hashOf } from '../../lib/store/rows'
import { bytesOf, type Case, casesOf } from '../providers/fixtures'
import { type Fakes, type Heard, ownNames, providerFor, type Wire, type WireHost, wireHost } from '../support/wire-host'

/** An hour after the time that the fixtures carry. */
const NOW = 1_795_153_600_000
type Host = WireHost<Fakes[Wire]>
type Row = Record<string, unknown>

for (const wire of ['exotel', 'cloud-api'] as const) {
  for (const { file, cases } of casesOf(wire)) {
    describe(`${wire} ${file}, through the door`, () => {
      let host: Host
      before(async () => {
        host = await wireHost(wire, { now: () => new Date(NOW) })
      })
      after(() => host[Symbol.asyncDispose]())

      for (const one of cases) {
        test(one.name, async () => {
          await emptied(host)
          // What parse() says of it is compared with the case elsewhere; here it has to come out at both ends.
          const expected = providerFor(wire, 'http://127.0.0.1:9').parse(bytesOf(one))
          const known = await sentBefore(host, expected)

          await host.post(bytesOf(one).toString()).expect(200)
          await host.wa.idle()

          await storedAs(host, one, expected)
          heardAs(host.heard, expected, known)
        })
      }
    })
  }
}

async function emptied({ knex, heard }: Host): Promise<void> {
  for (const table of ['wa_contacts', 'wa_conversations', 'wa_messages', 'wa_message_history', 'wa_events', 'wa_runs']) await knex(table).delete()
  heard.length = 0
}

/** Messages of ours of which the case reports. Answers their ids. */
async function sentBefore({ engine: { db } }: Host, expected: readonly Incoming[]): Promise<Map<string, string>> {
  const ids = new Set(expected.flatMap((event) => (event.kind === 'status' ? [event.providerId] : [])))
  const known = new Map<string, string>()
  for (const providerId of ids) {
    await db.tx(async (trx) => {
      const contact = await ensureContact(trx, db, { phone: '+919800000001', bsuid: null, username: null, name: null }, NOW)
      const conversation = await ensureConversation(trx, db, 'default', contact.id, NOW)
      const id = await insertOutbound(trx, db, {
        number: 'default',
        conversationId: conversation.id,
        type: 'text',
        json: JSON.stringify({ type: 'text', text: 'ours' }),
        text: 'ours',
        menu: null,
        replyTo: null,
        meta: null,
        sentBy: null,
        idempotencyKey: null,
        fingerprint: null,
        expiresAt: NOW + 1000,
        now: NOW,
      })
      await trx('wa_messages')
        .where({ id })
        .update({ status: 'accepted', next_at: null, provider_id: providerId, provider_key: providerKey('default', providerId) })
      known.set(providerId, String(id))
    })
  }
  return known
}

async function storedAs({ knex }: Host, one: Case, expected: readonly Incoming[]): Promise<void> {
  const events = (await knex('wa_events').orderBy('id')) as Row[]
  const messages = new Map(((await knex('wa_messages').where({ direction: 'in' })) as Row[]).map((row) => [row.id, row]))

  assert.equal(events.length, expected.length, JSON.stringify(events))
  for (const [index, event] of expected.entries()) {
    const row = events[index] as Row
    assert.equal(row.type, event.kind === 'message' ? event.type : event.kind)
    assert.equal(row.state, event.kind === 'unrecognised' ? 'unrecognised' : 'done')
    assert.equal(row.at, event.at ?? NOW)
    if (event.dedupe !== null) assert.equal(row.dedupe, hashOf(`default\n${event.dedupe}`))
    assert.ok(String(row.raw).length > 0 || one.text === '', 'what came over the wire is kept')
    if (event.kind === 'unrecognised') assert.equal(row.error, event.what)
    if (event.kind === 'message') messageAs(messages.get(row.message_id) as Row, event)
  }
}

const FIELDS = ['media', 'location', 'form', 'reaction', 'original', 'moved', 'reason'] as const
function messageAs(row: Row, event: IncomingMessage): void {
  assert.deepEqual([row.type, row.text, row.provider_id, row.reply_id], [event.type, event.text, event.providerId, event.reply?.id ?? null])
  const payload = JSON.parse(String(row.payload ?? '{}')) as Row
  for (const field of FIELDS) assert.deepEqual(payload[field] ?? null, event[field] ?? null, field)
}

function heardAs(heard: readonly Heard[], expected: readonly Incoming[], known: ReadonlyMap<string, string>): void {
  const messages = expected.filter((event) => event.kind === 'message')
  const statuses = expected.filter((event) => event.kind === 'status')
  assert.deepEqual(ownNames(heard).sort(), [...messages.map(({ type }) => type), ...statuses.map(() => 'status')].sort())

  const told = heard.filter(({ as }) => as === 'status').map(({ given }) => given.message)
  assert.deepEqual(
    told,
    statuses.map(({ providerId, status, error }) => ({ id: known.get(providerId), status, error, meta: {} })),
  )
  for (const event of messages) {
    assert.ok(
      heard.some(({ as, given }) => as === event.type && matches(given, event)),
      `${event.type} was heard with ${JSON.stringify(event)}`,
    )
  }
}

function matches(given: Row, event: IncomingMessage): boolean {
  const contact = given.contact as Row
  const is = (actual: unknown, expected: unknown): boolean => isDeepStrictEqual(actual ?? null, expected ?? null)
  const reply = given.reply as Row | undefined
  return (
    // Whoever moved is told under the new name.
    (event.type === 'system' || (is(contact.phone, event.who.phone) && is(contact.bsuid, event.who.bsuid) && is(contact.name, event.who.name))) &&
    is(given.text, event.text) &&
    is(reply && { id: reply.id, title: reply.title, via: reply.via }, event.reply && { id: event.reply.id, title: event.reply.title, via: event.reply.via }) &&
    (['media', 'location', 'form', 'reaction', 'reason'] as const).every((field) => is(given[field], event[field]))
  )
}
