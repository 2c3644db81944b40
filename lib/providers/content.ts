import type { IncomingMedia, IncomingMessage, IncomingReply } from '../model/event'
import { clean, field, idOf, isDeeperThan, isObject, jsonOf, labelOf, listOf, numberOf, textOf } from './reading'
import { bsuidOf, phoneOf } from './who'

/** What a customer's content object says. Both wires use the same inner shapes: the key that holds them equals `type`. */
export type Said = Pick<IncomingMessage, 'type' | 'text' | 'reply' | 'media' | 'location' | 'form' | 'reaction' | 'original' | 'moved' | 'reason'>

/** Never fails: what has no shape we know is `unsupported`, with the provider's reason when it gave one. */
export function readContent(item: unknown): Said {
  const type = labelOf(field(item, 'type'))
  const read = type !== null && Object.hasOwn(READERS, type) ? READERS[type] : undefined
  return (type !== null && read?.(field(item, type), item)) || unsupported(item, type)
}

type Reader = (inner: unknown, item: unknown) => Said | null

const READERS: Readonly<Record<string, Reader>> = {
  text: (text) => {
    const words = textOf(field(text, 'body')) ?? textOf(text)
    return words === null ? null : { type: 'text', text: words }
  },
  interactive: readInteractive,
  button: (button) => {
    // The payload equals the label when none was set, or is left out.
    const id = replyId(field(button, 'payload') || field(button, 'text'))
    return id === null ? null : tapped('quick_reply', { id, title: textOf(field(button, 'text')) ?? id, via: 'template' })
  },
  image: (image, item) => readMedia('image', image, item),
  video: (video, item) => readMedia('video', video, item),
  audio: (audio, item) => readMedia('audio', audio, item),
  voice: (voice, item) => readMedia('audio', voice, item),
  document: (document, item) => readMedia('document', document, item),
  sticker: (sticker, item) => readMedia('sticker', sticker, item),
  location: readLocation,
  contacts: (contacts) => {
    const names = listOf(contacts).map((contact) => labelOf(field(contact, 'name', 'formatted_name')) ?? labelOf(field(contact, 'name', 'first_name')))
    return { type: 'contacts', text: names.filter((name) => name !== null).join(', ') || null }
  },
  order: (order) => ({ type: 'order', text: textOf(field(order, 'text')) }),
  reaction: (reaction) => {
    const emoji = labelOf(field(reaction, 'emoji'))
    return { type: 'reaction', text: emoji, reaction: { to: idOf(field(reaction, 'message_id')) ?? idOf(field(reaction, 'sid')), emoji } }
  },
  edit: (edit) => ({ type: 'edit', text: textOf(field(edit, 'message', 'text', 'body')), original: idOf(field(edit, 'original_message_id')) }),
  revoke: (revoke) => ({ type: 'revoke', text: null, original: idOf(field(revoke, 'original_message_id')) }),
  system: readSystem,
}

function readInteractive(interactive: unknown): Said | null {
  for (const [type, via] of [
    ['button_reply', 'button'],
    ['list_reply', 'list'],
  ] as const) {
    const given = field(interactive, type)
    const id = replyId(field(given, 'id'))
    if (id === null) continue
    const description = textOf(field(given, 'description'))
    return tapped(type, { id, title: textOf(field(given, 'title')) ?? id, ...(description === null ? {} : { description }), via })
  }
  const form = field(interactive, 'nfm_reply')
  return isObject(form)
    ? { type: 'form', text: textOf(field(form, 'body')), form: { name: labelOf(field(form, 'name')), response: answersOf(field(form, 'response_json')) } }
    : null
}

/** WhatsApp allows 256 characters in the id of a button and 200 in that of a row: a longer one is none of ours. */
const replyId = (value: unknown): string | null => idOf(value, 256)
const tapped = (type: 'button_reply' | 'list_reply' | 'quick_reply', reply: IncomingReply): Said => ({ type, text: reply.title, reply })

/** The answers of a form: JSON in a string. Null when it is missing, broken, no object, or deeper than a form can be. */
function answersOf(json: unknown): Record<string, unknown> | null {
  const answers = typeof json === 'string' ? jsonOf(json) : json
  return isObject(answers) && !isDeeperThan(32, answers) ? (safe(answers) as Record<string, unknown>) : null
}

/** Hosts copy answers into objects of their own: `__proto__` must not come along, nor text that a database refuses. */
function safe(value: unknown): unknown {
  if (typeof value === 'string') return clean(value)
  if (Array.isArray(value)) return value.map(safe)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '__proto__')
      .map(([key, inner]) => [clean(key), safe(inner)]),
  )
}

/** Meta names a media id, Exotel a download link. With neither, the file is lost and `reason` says why. */
function readMedia(type: IncomingMedia['type'], given: unknown, item: unknown): Said {
  const id = idOf(field(given, 'id'))
  const link = textOf(field(given, 'url')) ?? textOf(field(given, 'link'))
  const caption = textOf(field(given, 'caption'))
  const media = { type, id, link, mimeType: labelOf(field(given, 'mime_type')), filename: labelOf(field(given, 'filename'), 255), caption }
  return { type: 'media', text: caption, media, ...(id === null && link === null ? { reason: reasonOf(item) ?? 'The file is not available.' } : {}) }
}

function readLocation(given: unknown): Said | null {
  const latitude = numberOf(field(given, 'latitude'))
  const longitude = numberOf(field(given, 'longitude'))
  if (latitude === null || longitude === null) return null
  const name = textOf(field(given, 'name'))
  const address = textOf(field(given, 'address'))
  const location = { latitude, longitude, ...(name === null ? {} : { name }), ...(address === null ? {} : { address }) }
  return { type: 'location', text: name ?? address ?? `${latitude}, ${longitude}`, location }
}

/** The customer has a new number or user id. Other news of this type is only told. */
function readSystem(system: unknown): Said {
  const phone = phoneOf(field(system, 'wa_id')) ?? phoneOf(field(system, 'new_wa_id'))
  const bsuid = bsuidOf(field(system, 'user_id'))
  const previousBsuid = bsuidOf(field(system, 'previous_user_id'))
  const moved = phone === null && bsuid === null ? {} : { moved: { phone, bsuid, previousBsuid } }
  return { type: 'system', text: textOf(field(system, 'body')), ...moved }
}

function unsupported(item: unknown, type: string | null): Said {
  const kind = labelOf(field(item, 'unsupported', 'type')) ?? labelOf(field(item, 'interactive', 'type')) ?? type
  const reason = [kind, reasonOf(item)].filter((part) => part !== null).join(': ')
  return { type: 'unsupported', text: null, reason: reason || 'The message has no type.' }
}

function reasonOf(item: unknown): string | null {
  const error = listOf(field(item, 'errors'))[0] ?? field(item, 'error')
  const words = labelOf(field(error, 'error_data', 'details')) ?? labelOf(field(error, 'title')) ?? labelOf(field(error, 'message'))
  const code = numberOf(field(error, 'code'))
  return words ?? (code === null ? null : `code ${code}`)
}
