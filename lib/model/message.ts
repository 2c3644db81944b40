/**
 * What is sent, after rendering: one normalised shape from which the wire, the log, the preview and the phone are all drawn.
 * No `{{variable}}` is left in it.
 */
export type SentHeader =
  | { type: 'text'; text: string }
  | { type: 'image' | 'video'; link?: string; id?: string }
  | { type: 'document'; link?: string; id?: string; filename?: string }

export interface SentOption {
  id: string
  title: string
}
export interface SentRow extends SentOption {
  description?: string
}
interface Framed {
  header?: SentHeader
  body: string
  footer?: string
}
export interface SentButtons extends Framed {
  type: 'button'
  buttons: SentOption[]
}
export interface SentList extends Framed {
  type: 'list'
  /** The words on the button that opens the list. */
  button: string
  sections: { title?: string; rows: SentRow[] }[]
}
export interface SentCtaUrl extends Framed {
  type: 'cta_url'
  /** Exactly one leaves as an interactive message; two leave as the template that the menu names. */
  buttons: { title: string; url: string }[]
}
export interface SentText {
  type: 'text'
  text: string
  preview?: boolean
}
export interface SentTemplate {
  type: 'template'
  template: { name: string; language: string; components: readonly unknown[] }
  /** What the customer is expected to see, when a menu with words was sent through its template; drawn in the log. */
  shown?: Framed & { buttons: ({ title: string; url: string } | { title: string; phone: string })[] }
}
export type SentFile = { link?: string; id?: string }
export type SentMedia =
  | { type: 'image'; image: SentFile; caption?: string }
  | { type: 'video'; video: SentFile; caption?: string }
  | { type: 'audio'; audio: SentFile }
  | { type: 'document'; document: SentFile; filename: string; caption?: string }
export interface SentLocation {
  type: 'location'
  location: { latitude: number; longitude: number; name?: string; address?: string }
}
export interface SentReaction {
  type: 'reaction'
  reaction: { emoji: string; to: string }
}
/** A content object of the wire that this package has no word for, passed on as it is. */
export interface SentRaw {
  type: 'raw'
  raw: { type: string; [field: string]: unknown }
}
export type SentMessage = SentButtons | SentList | SentCtaUrl | SentText | SentTemplate | SentMedia | SentLocation | SentReaction | SentRaw

/** The options a customer can tap, in order. */
export function optionsOf(message: SentMessage): SentRow[] {
  if (message.type === 'button') return message.buttons
  if (message.type === 'list') return message.sections.flatMap((section) => section.rows)
  return []
}

/** The words of a message in one line: what the log is searched by and what the list of conversations shows. */
export function wordsOf(message: SentMessage): string {
  switch (message.type) {
    case 'button':
    case 'list':
    case 'cta_url':
      return message.body
    case 'text':
      return message.text
    case 'template':
      return message.shown?.body ?? `Template ${message.template.name}`
    case 'image':
    case 'video':
    case 'document':
      return message.caption ?? `[${message.type}]`
    case 'location':
      return message.location.name ?? '[location]'
    case 'reaction':
      return message.reaction.emoji
    case 'audio':
      return '[audio]'
    case 'raw':
      return `[${message.raw.type}]`
  }
}

/** The ladder a sent message climbs; beside it `failed`, `uncertain`, `expired`, `canceled`. */
export const LADDER = ['queued', 'sending', 'accepted', 'sent', 'delivered', 'read', 'played'] as const
export const BESIDE = ['failed', 'uncertain', 'expired', 'canceled'] as const
/** Where a message stands that is not known to have left, or will not arrive. */
export const NOT_SENT: readonly Status[] = ['queued', 'sending', ...BESIDE]
export type Status = (typeof LADDER)[number] | (typeof BESIDE)[number]

const rank = (status: Status): number => (LADDER as readonly string[]).indexOf(status)

/**
 * Whether a message that stands at `from` may move to `to` because the provider says so.
 * Statuses only climb; `failed` yields only to delivered, read or played; `uncertain` is settled by any word from the provider.
 */
export function climbs(from: Status, to: Status): boolean {
  if (from === to) return false
  if (from === 'failed') return rank(to) >= rank('delivered')
  if (from === 'uncertain' || from === 'expired' || from === 'canceled') return to === 'failed' ? from === 'uncertain' : rank(to) >= rank('accepted')
  if (to === 'failed') return rank(from) < rank('delivered')
  return rank(to) > rank(from)
}
