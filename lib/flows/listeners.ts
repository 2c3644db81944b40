import { WaError } from '../errors'
import { HEARD_AS } from '../model/event'
import type { ReplyId } from '../model/reply-id'
import { suggest } from '../model/suggest'
import { shortHashOf } from '../store/rows'

/** Names under which `wa.on` hears. The wire's types, and what happens between people and the bot. */
export const EVENT_NAMES = [
  ...new Set<string>([...Object.values(HEARD_AS).flat(), 'status', 'unmatched', 'handover', 'handback', 'opt_out', 'opt_in', 'menu_published']),
] as readonly string[]

export interface ListenerOptions {
  /** Identity across restarts and deploys: retries find their listener by it. Needed for a second one of the same kind. */
  name?: string
  /** After this the attempt counts as failed and can say nothing more. Default 30 s. */
  timeoutMs?: number
  /** Attempts before the event needs attention. Default 8, over about 9 hours. */
  attempts?: number
  /** Runs also while a person is in charge. */
  whilePerson?: boolean
  /** Only for this business number. */
  number?: string
}
export interface Listener extends ListenerOptions {
  name: string
  // Every listener gets one argument, whose fields depend on what it listens to; the public types say which.
  fn: (context: never) => unknown
  /** Turns a matching reply id into data (`defineReply`). */
  parse?: (id: string) => unknown
}
interface MenuListener extends Listener {
  menu: string
  id: string | null
}
interface ReplyListener extends Listener {
  ids: readonly string[]
  /** Prefix that ends in `:`, from defineReply. */
  prefix: string | null
}

/** All that the host listens with. */
export interface Listeners {
  readonly all: ReadonlyMap<string, Listener>
  on(event: string, options: ListenerOptions, fn: Listener['fn']): void
  onReplyTo(menu: string, id: string | null, fn: Listener['fn']): void
  onReply(match: string | ReplyId | readonly string[], options: ListenerOptions, fn: Listener['fn']): void
  onAnswer(answer: string, options: ListenerOptions, fn: Listener['fn']): void
  /** Those that hear all of a kind, in the order in which they were registered. */
  hearing(names: readonly string[], number: string): Listener[]
  /** The one that hears this tap: by its menu first, then by its id alone. */
  forReply(menu: string | null, id: string, number: string): Listener | null
  forAnswer(answer: string): Listener | null
  unmatched(number: string): Listener | null
  /** Who listens to which id, for the editor. */
  hearings(): { id: string; menu: string | null; listener: string }[]
}

/** Room in the row of a run, in UTF-16 units, which are never fewer than characters. */
const LONGEST_NAME = 255

/** A name that was made of many ids does not fit: its beginning, and a word that stands for all of it. The same ids have the same name in every process. */
const nameWithin = (name: string): string => (name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME - 23).toWellFormed()}~${shortHashOf(name)}`)

export function createListeners(): Listeners {
  const all = new Map<string, Listener>()
  const events: { event: string; listener: Listener }[] = []
  const menus: MenuListener[] = []
  const replies: ReplyListener[] = []

  const register = <L extends Listener>(given: L): L => {
    const listener = { ...given, name: nameWithin(given.name) }
    if (all.has(listener.name)) {
      throw new WaError(
        'WA_LISTENER_DUPLICATE',
        `There is already a listener named "${listener.name}". Give the second one a name of its own: { name: 'crm-sync' }.`,
        [{ path: 'name', message: 'taken', actual: listener.name }],
      )
    }
    all.set(listener.name, listener)
    return listener
  }
  const serves = (listener: Listener, number: string): boolean => listener.number === undefined || listener.number === number

  return {
    all,
    on(event, options, fn) {
      if (!EVENT_NAMES.includes(event)) {
        const near = suggest(event, EVENT_NAMES)
        throw new WaError('WA_OPTION_INVALID', `There is no event "${event}".${near ? ` Did you mean "${near}"?` : ` Known: ${EVENT_NAMES.join(', ')}.`}`, [
          { path: 'event', message: 'unknown', actual: event },
        ])
      }
      events.push({ event, listener: register({ ...options, name: options.name ?? `on:${event}`, fn }) })
    },
    onReplyTo(menu, id, fn) {
      menus.push(register({ name: `reply:${menu}/${id ?? '*'}`, menu, id, fn }))
    },
    onReply(match, options, fn) {
      if (typeof match === 'object' && 'prefix' in match) {
        const prefix = `${match.prefix}:`
        replies.push(register({ ...options, name: options.name ?? `reply:${prefix}`, ids: [], prefix, fn, parse: (id) => match.parse(id) }))
        return
      }
      const ids = typeof match === 'string' ? [match] : [...match]
      replies.push(register({ ...options, name: options.name ?? `reply:${ids.join('|')}`, ids, prefix: null, fn }))
    },
    onAnswer(answer, options, fn) {
      register({ ...options, name: `answer:${answer}`, fn })
    },
    hearing: (names, number) =>
      events.filter(({ event, listener }) => event !== 'unmatched' && names.includes(event) && serves(listener, number)).map(({ listener }) => listener),
    forReply(menu, id, number) {
      const scoped = menus.filter((listener) => listener.menu === menu)
      const byMenu = scoped.find((listener) => listener.id === id) ?? scoped.find((listener) => listener.id === null)
      if (byMenu) return byMenu
      const open = replies.filter((listener) => serves(listener, number))
      const exact = open.find((listener) => listener.ids.includes(id))
      if (exact) return exact
      return open.find((listener) => listener.prefix !== null && id.startsWith(listener.prefix) && listener.parse?.(id) !== null) ?? null
    },
    forAnswer: (answer) => all.get(nameWithin(`answer:${answer}`)) ?? null,
    unmatched: (number) => events.find(({ event, listener }) => event === 'unmatched' && serves(listener, number))?.listener ?? null,
    hearings: () => [
      ...menus.filter((listener) => listener.id !== null).map((listener) => ({ id: listener.id ?? '', menu: listener.menu, listener: listener.name })),
      ...replies.flatMap((listener) =>
        (listener.prefix === null ? listener.ids : [listener.prefix]).map((id) => ({ id, menu: null, listener: listener.name })),
      ),
    ],
  }
}
