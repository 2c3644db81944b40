import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunningEngine } from './build-engine'
import { WaError } from './errors'
import type { IdsOf } from './flows/types'
import type { Menu } from './model/builders'
import { optionsOf, type SentMessage, wordsOf } from './model/message'
import { phoneOf } from './model/phone'
import type { WaOptions } from './options'
import { knockOf, says, sendsImage, statusKnock, taps } from './providers/simulated'
import { simulator } from './providers/simulator'
import type { Content } from './providers/wire'
import { findContact } from './store/contacts'
import { findConversation } from './store/conversations'
import { listMessages, type MessageRow } from './store/messages'
import { ENGINE, type Wa } from './wa'

/** One message on the phone's screen, as the customer sees it. */
export interface Shown {
  text: string
  /** Key of the menu it was drawn from, null for plain words. */
  menu: string | null
  options: { id: string; title: string }[]
  status: string
}
/** A customer's phone. Every call resolves when all that it caused has been handled and has left; nothing sleeps. */
export interface Phone<I extends string> {
  says(text: string): Promise<void>
  /** Taps an option by id or title: of the newest message that offers it, or of the newest message of `on`. */
  taps(idOrTitle: I | (string & {}), options?: { deliveredTwice?: boolean; on?: 'latest' | Menu }): Promise<void>
  sendsImage(options?: { caption?: string }): Promise<void>
  /** What the phone shows, oldest first: what was sent to it. */
  screen(): readonly Shown[]
  last(): Shown
}
export interface TestWa {
  clock: { advance(ms: number): Promise<void> }
  provider: {
    /** The next send fails with this code of the provider, times out, or finds nobody listening. */
    failNext(code: number | 'timeout' | 'refused'): void
  }
  /** Ends the engine as a deploy does, and starts it again on the same database. */
  restart(): Promise<void>
}

const engineOf = (wa: unknown): RunningEngine => {
  const engine = (wa as { [ENGINE]?: RunningEngine })[ENGINE]
  if (!engine) throw new WaError('WA_OPTION_INVALID', 'testPhone(wa) needs what waInteractive() returned.')
  return engine
}

/** A phone for tests: it knocks at the webhook door with real bytes, and sees what really left. */
export function testPhone<M extends Menu>(
  // biome-ignore lint/suspicious/noExplicitAny: whatever the business numbers of the host are named.
  wa: Wa<M, any>,
  options: { phone?: string | null; bsuid?: string; name?: string; number?: string } = {},
): Phone<IdsOf<M>> {
  const engine = engineOf(wa)
  const identity = {
    phone: options.phone === undefined ? '+919800000001' : options.phone === null ? null : testNumber(options.phone),
    bsuid: options.bsuid ?? null,
    name: options.name ?? null,
  }
  const number = options.number ?? 'default'
  let messages: MessageRow[] = []

  const deliver = async (content: Content, replyTo: string | null, times = 1): Promise<void> => {
    await engine.start()
    await readAll()
    const knock = knockOf({ from: identity, at: engine.now(), id: messageId(), content, replyTo })
    for (let time = 0; time < times; time++) {
      const answer = await engine.knock(number, knock)
      if (answer.status !== 200) throw new Error(`the webhook answered ${answer.status}: ${answer.body}`)
    }
    await refresh()
  }
  /** Whoever writes has read what was there. */
  const readAll = async (): Promise<void> => {
    for (const message of messages) {
      if (message.status === 'delivered' && message.provider_id)
        await engine.knock(number, statusKnock({ id: message.provider_id, status: 'read', at: engine.now(), to: identity }))
    }
  }
  const refresh = async (): Promise<void> => {
    await engine.settle()
    const db = engine.db.write
    const contact =
      (identity.bsuid ? await findContact(db, { bsuid: identity.bsuid }) : null) ?? (identity.phone ? await findContact(db, { phone: identity.phone }) : null)
    const conversation = contact ? await findConversation(db, number, contact.id) : null
    messages = conversation ? (await listMessages(db, conversation.id, { limit: 200 })).items.reverse().filter((message) => message.direction === 'out') : []
  }
  watchers.set(engine, [...(watchers.get(engine) ?? []), refresh])
  for (const line of engine.lines.values()) served.set(line.provider, engine)

  const reached = (): MessageRow[] =>
    messages.filter((message) => ['accepted', 'sent', 'delivered', 'read', 'played', 'uncertain'].includes(message.status ?? ''))

  return {
    says: (text) => deliver(says(text), null),
    sendsImage: (image = {}) => deliver(sendsImage({ id: 'sim.image', ...image }), null),
    async taps(idOrTitle, how = {}) {
      await engine.start()
      await refresh()
      const offers = reached().reverse()
      const wanted =
        how.on === undefined
          ? offers
          : how.on === 'latest'
            ? offers.filter((message) => offersOf(message).length > 0).slice(0, 1)
            : offers.filter((message) => message.menu_key === (how.on as Menu).key)
      const offer = wanted.find((message) => offersOf(message).some((option) => option.id === idOrTitle || option.title === idOrTitle))
      if (!offer)
        throw new Error(
          `No message on the phone offers "${idOrTitle}". It shows: ${
            offers
              .flatMap(offersOf)
              .map((option) => `"${option.id}"`)
              .join(', ') || 'nothing to tap'
          }.`,
        )
      const option = offersOf(offer).find((one) => one.id === idOrTitle || one.title === idOrTitle)
      if (!option) throw new Error('unreachable')
      const via = offer.type === 'list' ? 'list' : offer.type === 'template' ? 'template' : 'button'
      await deliver(taps(option, via), offer.provider_id, how.deliveredTwice ? 2 : 1)
    },
    screen: () => reached().map(shown),
    last() {
      const last = reached().at(-1)
      if (!last) throw new Error('Nothing was sent to this phone yet.')
      return shown(last)
    },
  }
}

/** Phones to bring up to date when the clock moves, and the engine behind a provider: kept only as long as those live. */
const watchers = new WeakMap<RunningEngine, (() => Promise<void>)[]>()
const served = new WeakMap<object, RunningEngine>()

const offersOf = (message: MessageRow) => optionsOf(message.payload as SentMessage)
const shown = (message: MessageRow): Shown => ({
  text: wordsOf(message.payload as SentMessage),
  menu: message.menu_key,
  options: offersOf(message).map(({ id, title }) => ({ id, title })),
  status: message.status ?? '',
})
/** Tests may use short numbers: a phone of a test needs no real one. */
const testNumber = (phone: string): string => (/^\+\d{1,6}$/.test(phone) ? phone : phoneOf(phone))
let made = 0
const messageId = (): string => `sim.in.${process.pid}.${++made}.${Math.random().toString(36).slice(2)}`

/** Options for a host under test: the simulator, a database of its own that goes away with the process, and a clock that can be moved. */
export function testOptions(): Pick<WaOptions, 'provider' | 'database' | 'now' | 'logger'> & { control: TestWa } {
  const folder = mkdtempSync(join(tmpdir(), 'wa-interactive-'))
  removeAtExit(folder)
  const provider = simulator()
  let ahead = 0
  const engine = (): RunningEngine => {
    const found = served.get(provider)
    if (!found) throw new Error('Make a phone first: testPhone(wa). The controls work on the host that it belongs to.')
    return found
  }
  return {
    provider,
    database: `sqlite:${join(folder, 'test.sqlite')}`,
    now: () => new Date(Date.now() + ahead),
    logger: false,
    control: {
      clock: {
        async advance(ms) {
          ahead += ms
          await again(engine())
        },
      },
      provider: { failNext: (code) => provider.failNext(code) },
      async restart() {
        await engine().restart()
        await again(engine())
      },
    },
  }
}

/** One listener for all of them: Node warns at the eleventh. */
const folders = new Set<string>()
function removeAtExit(folder: string): void {
  if (folders.size === 0)
    process.once('exit', () => {
      for (const each of folders) rmSync(each, { recursive: true, force: true })
    })
  folders.add(folder)
}

async function again(engine: RunningEngine): Promise<void> {
  await engine.settle()
  for (const refresh of watchers.get(engine) ?? []) await refresh()
}
