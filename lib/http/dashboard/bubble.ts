import { formatted, type Segment, spoken } from '../../model/format'
import type { SentFile, SentHeader, SentMessage, SentRow } from '../../model/message'
import { showPhone } from '../../model/phone'
import type { Say } from '../words/say'
import type { Ticks } from './ticks'

/** A file, as a placeholder: nothing is fetched, because the address came from somebody else. */
export interface MediaBox {
  kind: 'image' | 'video' | 'audio' | 'document' | 'sticker'
  label: string
  /** File name, address or id. */
  detail: string
}
export interface BubbleOption {
  id: string
  title: string
  description: string | null
  /** The customer chose this one. */
  tapped: boolean
}
/** How an option becomes a submit button: a form that posts `fields` and the option's id as `option` to `action`. */
export interface TapForm {
  action: string
  /** Element that the answer replaces. */
  target: string
  fields: Readonly<Record<string, string>>
}

/** One message, ready to be drawn by `views/message/_message.ejs`. Every field is there; what a message has not is null or empty. */
export interface Bubble {
  /** Id of the root element. */
  element: string
  /** Which way it lies: `mine` at the right edge, tinted. */
  side: 'mine' | 'theirs'
  /** Small words above the bubble: whose it is, what is special about it. */
  notes: readonly string[]
  header: string | null
  media: MediaBox | null
  location: { name: string; address: string | null; point: string } | null
  /** Title of a tapped option, shown as the customer's words. */
  quote: string | null
  body: readonly Segment[]
  footer: string | null
  /** Reply buttons. */
  buttons: readonly BubbleOption[]
  list: { button: string; sections: readonly { title: string | null; rows: readonly BubbleOption[] }[]; open: boolean } | null
  links: readonly { kind: 'url' | 'phone'; title: string; href: string | null; address: string }[]
  /** Drawn large and without a frame. */
  emoji: string | null
  /** What cannot be drawn, named. */
  label: string | null
  time: { iso: string; short: string } | null
  ticks: Ticks | null
  /** Null: options are only shown. */
  tap: TapForm | null
}

export interface Look {
  element?: string
  side?: 'mine' | 'theirs'
  notes?: readonly string[]
  /** Ids that the customer chose. */
  tapped?: ReadonlySet<string>
  tap?: TapForm | null
  /** Draw the list's sheet open. */
  open?: boolean
  time?: Bubble['time']
  ticks?: Ticks | null
}

export const EMPTY: Bubble = {
  element: '_message',
  side: 'mine',
  notes: [],
  header: null,
  media: null,
  location: null,
  quote: null,
  body: [],
  footer: null,
  buttons: [],
  list: null,
  links: [],
  emoji: null,
  label: null,
  time: null,
  ticks: null,
  tap: null,
}

/** A message of ours, drawn from what was (or would be) sent. The preview, the log and the phone all come through here. */
export function bubbleOf(message: SentMessage, t: Say, look: Look = {}): Bubble {
  const { tapped = NONE, open = false, tap = null, ...given } = look
  const frame: Bubble = { ...EMPTY, ...given, tap }
  const option = (row: SentRow): BubbleOption => ({ id: row.id, title: row.title, description: row.description ?? null, tapped: tapped.has(row.id) })
  switch (message.type) {
    case 'button':
      return { ...frame, ...framed(message, t), buttons: message.buttons.map(option) }
    case 'list':
      return {
        ...frame,
        ...framed(message, t),
        list: { button: message.button, open, sections: message.sections.map((section) => ({ title: section.title ?? null, rows: section.rows.map(option) })) },
      }
    case 'cta_url':
      return { ...frame, ...framed(message, t), links: message.buttons.map(link) }
    case 'text':
      return { ...frame, body: spoken(message.text) }
    case 'template':
      return templateBubble(frame, message, t)
    case 'image':
      return { ...frame, media: box('image', t('Photo'), message.image, t), body: formatted(message.caption ?? '') }
    case 'video':
      return { ...frame, media: box('video', t('Video'), message.video, t), body: formatted(message.caption ?? '') }
    case 'audio':
      return { ...frame, media: box('audio', t('Audio'), message.audio, t) }
    case 'document':
      return { ...frame, media: { kind: 'document', label: message.filename, detail: addressOf(message.document, t) }, body: formatted(message.caption ?? '') }
    case 'location':
      return { ...frame, location: place(message.location, t) }
    case 'reaction':
      return { ...frame, emoji: message.reaction.emoji, label: message.reaction.emoji === '' ? t('Reaction taken back') : null }
    case 'raw':
      return { ...frame, label: t('Sent as it is: {type}', { type: message.raw.type }) }
  }
}

const NONE: ReadonlySet<string> = new Set()

function templateBubble(frame: Bubble, message: Extract<SentMessage, { type: 'template' }>, t: Say): Bubble {
  const { template, shown } = message
  const notes = [...frame.notes, t('Template {name} ({language})', { name: template.name, language: template.language })]
  if (!shown) return { ...frame, notes, label: t('The words of this template are kept by the provider.') }
  return { ...frame, ...framed(shown, t), notes, links: shown.buttons.map((button) => ('url' in button ? link(button) : dial(button))) }
}

interface Framed {
  header?: SentHeader
  body: string
  footer?: string
}
function framed({ header, body, footer }: Framed, t: Say): Pick<Bubble, 'header' | 'media' | 'body' | 'footer'> {
  return {
    header: header?.type === 'text' ? header.text : null,
    media: header && header.type !== 'text' ? headerBox(header, t) : null,
    body: formatted(body),
    footer: footer ?? null,
  }
}

function headerBox(header: Exclude<SentHeader, { type: 'text' }>, t: Say): MediaBox {
  if (header.type === 'document') return { kind: 'document', label: header.filename ?? t('Document'), detail: addressOf(header, t) }
  return box(header.type, header.type === 'image' ? t('Photo') : t('Video'), header, t)
}

const box = (kind: MediaBox['kind'], label: string, file: SentFile, t: Say): MediaBox => ({ kind, label, detail: addressOf(file, t) })
const addressOf = (file: SentFile, t: Say): string => file.link ?? (file.id ? t('media {id}', { id: file.id }) : '')

/** An address is a link only when it may be opened: what a person wrote into a menu is checked when saved, what code sends is not. */
const link = (button: { title: string; url: string }): Bubble['links'][number] => ({
  kind: 'url',
  title: button.title,
  href: /^https?:\/\//i.test(button.url) ? button.url : null,
  address: button.url,
})
const dial = (button: { title: string; phone: string }): Bubble['links'][number] => ({
  kind: 'phone',
  title: button.title,
  href: null,
  address: showPhone(button.phone),
})

export function place(location: { latitude: number; longitude: number; name?: string; address?: string }, t: Say): NonNullable<Bubble['location']> {
  return { name: location.name ?? t('Location'), address: location.address ?? null, point: `${location.latitude}, ${location.longitude}` }
}
