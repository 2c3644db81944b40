import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Ground, Knock } from '../../lib/providers/provider'
import { knockOf, says, sendsImage, sendsLocation, statusKnock, taps } from '../../lib/providers/simulated'
import { simulator } from '../../lib/providers/simulator'
import { parcel, patient } from '../fakes/parcel'

const AT = 1_795_150_000_000

/** A webhook door that takes everything and remembers it. */
function ground(status = 200): Ground & { knocks: Knock[]; warnings: string[] } {
  const knocks: Knock[] = []
  const warnings: string[] = []
  return {
    knocks,
    warnings,
    knock: async (knock) => {
      knocks.push(knock)
      return { status, body: '' }
    },
    now: () => AT,
    log: { debug: () => {}, warn: (_, msg) => warnings.push(msg) },
  }
}

describe('sending', () => {
  test('what is accepted is then sent and delivered, through the webhook door', async () => {
    const door = ground()
    const provider = simulator()
    provider.start?.(door)

    const result = await provider.send(parcel(), patient())
    assert.equal(door.knocks.length, 0)
    await provider.settled()

    assert.ok(result.outcome === 'accepted')
    assert.match(result.providerId, /^sim\.[0-9a-f]{24}$/)
    assert.deepEqual(
      door.knocks
        .flatMap((knock) => provider.parse(knock.body))
        .map((event) => event.kind === 'status' && [event.status, event.providerId, event.ref, event.at, event.who.phone]),
      ['sent', 'delivered'].map((status) => [status, result.providerId, 'msg-41', AT, '+919800000001']),
    )
  })

  test('settled waits for every message, also for one sent meanwhile', async () => {
    const door = ground()
    const provider = simulator()
    provider.start?.(door)
    await provider.send(parcel(), patient())
    const settled = provider.settled()
    await provider.send(parcel({ ref: 'msg-42' }), patient())

    await settled

    assert.equal(door.knocks.length, 4)
  })

  test('a door that does not take a status is warned of', async () => {
    const door = ground(503)
    const provider = simulator()
    provider.start?.(door)

    await provider.send(parcel(), patient())
    await provider.settled()

    assert.equal(door.warnings.length, 2)
  })

  test('a closed simulator says no more', async () => {
    const door = ground()
    const provider = simulator()
    provider.start?.(door)
    await provider.send(parcel(), patient())

    provider.close?.()
    await provider.settled()

    assert.equal(door.knocks.length, 0)
  })

  test('mishaps happen once each, in order', async () => {
    const provider = simulator()
    provider.failNext(131047)
    provider.failNext('timeout')
    provider.failNext('refused')
    provider.failNext(131056)
    provider.failNext(999)

    const outcomes: string[] = []
    for (let turn = 0; turn < 6; turn += 1) outcomes.push((await provider.send(parcel(), patient())).outcome)

    assert.deepEqual(outcomes, ['failed', 'uncertain', 'retry', 'hold', 'failed', 'accepted'])
  })

  test('a message that could not leave over the real wire does not leave here', async () => {
    const provider = simulator()

    const result = await provider.send(parcel({ message: { type: 'cta_url', body: 'B', buttons: [] } }), patient())

    assert.equal(result.outcome, 'failed')
  })
})

describe('the phone', () => {
  const from = { phone: '+919800000001', bsuid: 'IN.7Qx2Test', name: 'Asha', username: 'asha.t' }
  const heard = (knock: Knock) => {
    const [event] = simulator().parse(knock.body)
    assert.ok(event?.kind === 'message')
    return event
  }
  const knock = (content: ReturnType<typeof says>, replyTo: string | null = null) => knockOf({ from, at: AT + 999, id: 'sim.in.1', content, replyTo })

  test('words arrive with who said them and when', () => {
    const event = heard(knock(says('hi')))

    assert.deepEqual([event.text, event.who, event.at, event.providerId, event.replyTo], ['hi', from, AT, 'sim.in.1', null])
  })

  test('a tap arrives as what was tapped, with the message it answers', () => {
    const option = { id: 'slot:19', title: '7 pm', description: 'Indoor' }
    const { id, title } = option

    assert.deepEqual(heard(knock(taps(option, 'button'), 'sim.1')).reply, { id, title, via: 'button' })
    assert.deepEqual(heard(knock(taps(option, 'list'), 'sim.1')).reply, { ...option, via: 'list' })
    assert.deepEqual(heard(knock(taps(option, 'template'), 'sim.1')).reply, { id, title, via: 'template' })
    assert.equal(heard(knock(taps(option, 'list'), 'sim.1')).replyTo, 'sim.1')
  })

  test('images and places arrive', () => {
    assert.equal(heard(knock(sendsImage({ id: 'img-1', caption: 'menu?' }))).media?.caption, 'menu?')
    assert.deepEqual(heard(knock(sendsLocation({ latitude: 12.97, longitude: 77.59 }))).location, { latitude: 12.97, longitude: 77.59 })
  })

  test('a customer without a number is known by the user id, and no empty field is sent', () => {
    const sent = knockOf({ from: { phone: null, bsuid: 'IN.1' }, at: AT, id: 'sim.in.1', content: says('hi') })

    assert.deepEqual(heard(sent).who, { phone: null, bsuid: 'IN.1', username: null, name: null })
    assert.doesNotMatch(sent.body.toString(), /"from"|wa_id|null|""/)
  })

  test('read and failed statuses can be told', () => {
    const statuses = [
      statusKnock({ id: 'sim.1', status: 'read', to: from, at: AT }),
      statusKnock({ id: 'sim.1', status: 'failed', to: from, at: AT, code: 131026 }),
    ]

    const events = statuses.flatMap((status) => simulator().parse(status.body))

    assert.deepEqual(
      events.map((event) => event.kind === 'status' && [event.status, event.error?.code]),
      [
        ['read', undefined],
        ['failed', 131026],
      ],
    )
  })
})
