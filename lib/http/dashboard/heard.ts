import type { InboundPayload } from '../../flows/facts'
import type { IncomingMedia } from '../../model/event'
import { formatted, plain, type Segment, spoken } from '../../model/format'
import { type SentMessage, wordsOf } from '../../model/message'
import type { MessageRow } from '../../store/messages'
import { english, type Say } from '../words/say'
import { type Bubble, bubbleOf, EMPTY, type Look, type MediaBox, place } from './bubble'

type Drawing = Partial<Pick<Bubble, 'quote' | 'body' | 'footer' | 'media' | 'location' | 'emoji' | 'label'>>

/** A message of the log in either direction. `answered`: the message of ours that it answers, when known. */
export function drawn(message: MessageRow, answered: MessageRow | undefined, t: Say, look: Look): Bubble {
  if (message.payload === null && message.text === null) return { ...EMPTY, ...frameOf(look), label: t('Erased') }
  if (message.direction === 'out') return bubbleOf(message.payload as SentMessage, t, look)
  return { ...EMPTY, ...frameOf(look), quote: answered ? shortWords(answered, t) : null, ...heard(message, (message.payload ?? {}) as InboundPayload, t) }
}

/** An inbound message offers nothing to tap. */
function frameOf({ tapped: _tapped, open: _open, tap: _tap, ...frame }: Look): Partial<Bubble> {
  return frame
}

const QUOTED = 140

/** The words of a message in a line, for quotes. */
export function shortWords(message: MessageRow, t: Say): string {
  const words = plain(message.text ?? (message.direction === 'out' && message.payload ? wordsOf(message.payload as SentMessage) : t('Erased')))
  return words.length > QUOTED ? `${words.slice(0, QUOTED)}…` : words
}

function heard(message: MessageRow, payload: InboundPayload, t: Say): Drawing {
  const body = spoken(message.text ?? '')
  switch (message.type) {
    case 'button_reply':
    case 'list_reply':
    case 'quick_reply':
      return { body: asIs(payload.reply?.title ?? message.text ?? ''), footer: payload.reply?.description ?? null }
    case 'media':
      return payload.media ? { media: mediaBox(payload.media, t), body: formatted(payload.media.caption ?? '') } : { label: t('A file'), body }
    case 'location':
      return payload.location ? { location: place(payload.location, t) } : { label: t('A location'), body }
    case 'reaction':
      return payload.reaction?.emoji ? { emoji: payload.reaction.emoji } : { label: t('Took a reaction back') }
    case 'form':
      return {
        label: payload.form?.name ? t('Filled in a form: {name}', { name: payload.form.name }) : t('Filled in a form'),
        body: asIs(answersOf(payload.form?.response ?? null)),
      }
    case 'contacts':
      return { label: t('Shared a contact'), body }
    case 'order':
      return { label: t('Placed an order'), body }
    case 'edit':
      return { label: t('Changed an earlier message'), body }
    case 'revoke':
      return { label: t('Deleted an earlier message') }
    case 'system':
      return { label: t('Has a new number or name'), body }
    case 'unsupported':
      return {
        label: payload.reason
          ? t('WhatsApp could not pass this message on: {reason}', { reason: payload.reason })
          : t('WhatsApp could not pass this message on'),
        body,
      }
    case 'text':
      return { body }
    default:
      return { label: t('Message of a kind we do not know: {type}', { type: message.type }), body }
  }
}

/** Titles are shown letter by letter, without formatting. */
const asIs = (text: string): Segment[] => (text === '' ? [] : [{ text }])

const NAMES: Record<IncomingMedia['type'], string> = {
  image: english('Photo'),
  video: english('Video'),
  audio: english('Voice message'),
  document: english('Document'),
  sticker: english('Sticker'),
}
const mediaBox = (media: IncomingMedia, t: Say): MediaBox => ({
  kind: media.type,
  label: media.filename ?? t(NAMES[media.type]),
  detail: media.link ?? (media.id === null ? '' : t('media {id}', { id: media.id })),
})

/** Answers of a form, one a line. */
const answersOf = (response: Record<string, unknown> | null): string =>
  Object.entries(response ?? {})
    .filter(([name]) => name !== 'flow_token')
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('\n')
