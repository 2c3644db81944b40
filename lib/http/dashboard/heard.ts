import type { InboundPayload } from '../../flows/facts'
import type { IncomingMedia } from '../../model/event'
import { formatted, plain, type Segment } from '../../model/format'
import { type SentMessage, wordsOf } from '../../model/message'
import type { MessageRow } from '../../store/messages'
import { type Bubble, bubbleOf, EMPTY, type Look, type MediaBox, place } from './bubble'

type Drawing = Partial<Pick<Bubble, 'quote' | 'body' | 'footer' | 'media' | 'location' | 'emoji' | 'label'>>

/** A message of the log in either direction. `answered`: the message of ours that it answers, when known. */
export function drawn(message: MessageRow, answered: MessageRow | undefined, look: Look): Bubble {
  if (message.payload === null && message.text === null) return { ...EMPTY, ...frameOf(look), label: 'Erased' }
  if (message.direction === 'out') return bubbleOf(message.payload as SentMessage, look)
  return { ...EMPTY, ...frameOf(look), quote: answered ? shortWords(answered) : null, ...heard(message, (message.payload ?? {}) as InboundPayload) }
}

/** An inbound message offers nothing to tap. */
function frameOf({ tapped: _tapped, open: _open, tap: _tap, ...frame }: Look): Partial<Bubble> {
  return frame
}

const QUOTED = 140

/** The words of a message in a line, for quotes. */
export function shortWords(message: MessageRow): string {
  const words = plain(message.text ?? (message.direction === 'out' && message.payload ? wordsOf(message.payload as SentMessage) : 'Erased'))
  return words.length > QUOTED ? `${words.slice(0, QUOTED)}…` : words
}

function heard(message: MessageRow, payload: InboundPayload): Drawing {
  const body = formatted(message.text ?? '')
  switch (message.type) {
    case 'button_reply':
    case 'list_reply':
    case 'quick_reply':
      return { body: asIs(payload.reply?.title ?? message.text ?? ''), footer: payload.reply?.description ?? null }
    case 'media':
      return payload.media ? { media: mediaBox(payload.media), body: formatted(payload.media.caption ?? '') } : { label: 'A file', body }
    case 'location':
      return payload.location ? { location: place(payload.location) } : { label: 'A location', body }
    case 'reaction':
      return payload.reaction?.emoji ? { emoji: payload.reaction.emoji } : { label: 'Took a reaction back' }
    case 'form':
      return { label: `Filled in a form${payload.form?.name ? `: ${payload.form.name}` : ''}`, body: asIs(answersOf(payload.form?.response ?? null)) }
    case 'contacts':
      return { label: 'Shared a contact', body }
    case 'order':
      return { label: 'Placed an order', body }
    case 'edit':
      return { label: 'Changed an earlier message', body }
    case 'revoke':
      return { label: 'Deleted an earlier message' }
    case 'system':
      return { label: 'Has a new number or name', body }
    case 'unsupported':
      return { label: `WhatsApp could not pass this message on${payload.reason ? `: ${payload.reason}` : ''}`, body }
    case 'text':
      return { body }
    default:
      return { label: `Message of a kind we do not know: ${message.type}`, body }
  }
}

/** Titles are shown letter by letter, without formatting. */
const asIs = (text: string): Segment[] => (text === '' ? [] : [{ text }])

const NAMES: Record<IncomingMedia['type'], string> = { image: 'Photo', video: 'Video', audio: 'Voice message', document: 'Document', sticker: 'Sticker' }
const mediaBox = (media: IncomingMedia): MediaBox => ({
  kind: media.type,
  label: media.filename ?? NAMES[media.type],
  detail: media.link ?? (media.id === null ? '' : `media ${media.id}`),
})

/** Answers of a form, one a line. */
const answersOf = (response: Record<string, unknown> | null): string =>
  Object.entries(response ?? {})
    .filter(([name]) => name !== 'flow_token')
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n')
