import { WaError } from '../errors'
import { clip, collectFaults, type Report, sentences, shown } from './fault'
import { codePoints, LIMITS } from './limits'
import type { SentMessage } from './message'
import { isObject } from './readers'
import { caption, degrees, type Fields, file, words } from './send-fields'
import { didYouMean } from './suggest'

/** A file: a public https address, or the id under which the provider keeps it. (`data`, an upload, is refused for now.) */
export type Media = { link: string } | { id: string } | { data: Uint8Array | NodeJS.ReadableStream; type: string }

/** What can be sent without a menu. `raw` is a content object of the wire, passed on as it is. */
export type Message =
  | { text: string; preview?: boolean }
  | { image: Media; caption?: string }
  | { video: Media; caption?: string }
  | { audio: Media }
  | { document: Media; filename: string; caption?: string }
  | { location: { latitude: number; longitude: number; name?: string; address?: string } }
  | { reaction: string; to: string }
  | { raw: { type: string; [field: string]: unknown } }

/** Unknown JSON as a message, or WA_MESSAGE_INVALID with every fault. */
export function messageOf(input: unknown): SentMessage {
  const { faults, report } = collectFaults()
  const message = readSafely(input, report)
  if (message !== null && faults.length === 0) return message
  throw new WaError('WA_MESSAGE_INVALID', `The message cannot be sent. ${sentences(faults)}`, faults)
}

/** Which fields make which message; the first is its name. */
const KINDS = {
  text: ['preview'],
  image: ['caption'],
  video: ['caption'],
  audio: [],
  document: ['filename', 'caption'],
  location: [],
  reaction: ['to'],
  raw: [],
} as const satisfies Record<string, readonly string[]>
type Kind = keyof typeof KINDS

function readSafely(input: unknown, report: Report): SentMessage | null {
  try {
    return read(input, report)
  } catch (thrown) {
    report('', `The message cannot be read: ${clip(String(thrown))}.`, { fix: 'Pass plain JSON.' })
    return null
  }
}

function read(input: unknown, report: Report): SentMessage | null {
  if (!isObject(input)) {
    report('', `A message is an object; this is ${shown(input)}.`, { actual: shown(input), fix: "Pass { text: '…' }, or a menu." })
    return null
  }
  const names = Object.keys(input).filter((name) => input[name] !== undefined)
  const kinds = names.filter((name): name is Kind => Object.hasOwn(KINDS, name))
  const kind = kinds[0]
  if (kind === undefined || kinds.length > 1) {
    const known = Object.keys(KINDS)
    const hint = names.map((name) => didYouMean(name, known)).find((words) => words.startsWith(' Did')) ?? ''
    report('', kind === undefined ? `The message says nothing that can be sent.${hint}` : `The message is ${kinds.join(' and ')} at once.`, {
      actual: kinds.length,
      limit: 1,
      fix: kind === undefined ? `Give one of ${known.join(', ')}.` : 'Send one after the other.',
    })
    return null
  }
  for (const name of names)
    if (name !== kind && !(KINDS[kind] as readonly string[]).includes(name))
      report(name.slice(0, 60), `Unknown field ${shown(name)} beside ${kind}.${didYouMean(name, KINDS[kind])}`, {
        actual: clip(name),
        fix: 'Correct it or leave it out.',
      })
  return READ[kind](input, report)
}

const READ: Record<Kind, (input: Fields, report: Report) => SentMessage | null> = {
  text(input, report) {
    const text = words('text', input.text, LIMITS.text, report)
    if (input.preview !== undefined && typeof input.preview !== 'boolean')
      report('preview', `preview is ${shown(input.preview)}; it must be true or false.`, { actual: shown(input.preview) })
    return { type: 'text', text, ...(typeof input.preview === 'boolean' ? { preview: input.preview } : {}) }
  },
  image: (input, report) => ({ type: 'image', image: file('image', input.image, report), ...caption(input, report) }),
  video: (input, report) => ({ type: 'video', video: file('video', input.video, report), ...caption(input, report) }),
  audio: (input, report) => ({ type: 'audio', audio: file('audio', input.audio, report) }),
  document: (input, report) => ({
    type: 'document',
    document: file('document', input.document, report),
    filename: words('filename', input.filename, LIMITS.filename, report),
    ...caption(input, report),
  }),
  location(input, report) {
    const place = isObject(input.location) ? input.location : {}
    if (!isObject(input.location))
      report('location', `location is ${shown(input.location)}; it must be { latitude, longitude }.`, { actual: shown(input.location) })
    const latitude = degrees('location.latitude', place.latitude, 90, report)
    const longitude = degrees('location.longitude', place.longitude, 180, report)
    for (const name of Object.keys(place))
      if (!PLACE.includes(name))
        report(`location.${name.slice(0, 60)}`, `Unknown field ${shown(name)} in a location.${didYouMean(name, PLACE)}`, { actual: clip(name) })
    const named = place.name === undefined ? {} : { name: words('location.name', place.name, LIMITS.body, report) }
    const at = place.address === undefined ? {} : { address: words('location.address', place.address, LIMITS.body, report) }
    return { type: 'location', location: { latitude, longitude, ...named, ...at } }
  },
  reaction(input, report) {
    if (typeof input.reaction !== 'string' || codePoints(input.reaction) > 16)
      report('reaction', `reaction is ${shown(input.reaction)}; it must be one emoji, or "" to take it back.`, { actual: shown(input.reaction) })
    const to = words('to', input.to, LIMITS.mediaId, report)
    return { type: 'reaction', reaction: { emoji: String(input.reaction), to } }
  },
  raw(input, report) {
    const given = input.raw
    const type = isObject(given) ? given.type : undefined
    if (!isObject(given) || typeof type !== 'string' || !/^[a-z][a-z_]{0,63}$/.test(type)) {
      report(
        'raw',
        `raw is ${shown(given)}${isObject(given) ? ` of type ${shown(type)}` : ''}; it must be a content object of the wire such as { type: "contacts", contacts: [ … ] }.`,
        { actual: shown(type ?? given) },
      )
      return null
    }
    // A copy: what is stored is what was checked. Throws for what is no JSON.
    const raw = JSON.parse(JSON.stringify(given)) as { type: string; [field: string]: unknown }
    checkCarousel(raw, report)
    return { type: 'raw', raw }
  },
}

/** The one shape of the wire that has no word here and whose numbers are known: a number that WhatsApp would refuse is refused before it is stored. */
function checkCarousel(raw: Fields, report: Report): void {
  const { interactive } = raw
  if (raw.type !== 'interactive' || !isObject(interactive) || interactive.type !== 'carousel') return
  const cards = isObject(interactive.action) ? interactive.action.cards : undefined
  const { carouselCardsLeast: least, carouselCards: most } = LIMITS
  const found = Array.isArray(cards) ? cards.length : 0
  if (found >= least && found <= most) return
  report('raw.interactive.action.cards', `The carousel has ${found === 1 ? '1 card' : `${found} cards`}; WhatsApp takes ${least} to ${most}.`, {
    actual: found,
    limit: `${least}…${most}`,
    fix: found > most ? 'Send several.' : 'Add cards, or send an image with buttons.',
  })
}
const PLACE: readonly string[] = ['latitude', 'longitude', 'name', 'address']
