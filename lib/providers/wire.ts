import { WaError } from '../errors'
import type { SentCtaUrl, SentHeader, SentMedia, SentMessage, SentRow } from '../model/message'

/** A content object as both wires carry it: the key that holds it equals `type`. Sources: Exotel "Interactive Messages", Meta "Messages". */
export interface Content {
  type: string
  [key: string]: unknown
}

/** What a message looks like on the wire, keys in the order of Exotel's page, no empty field. */
export function contentOf(message: SentMessage): Content {
  switch (message.type) {
    case 'button':
      return interactive('button', message, { buttons: message.buttons.map(({ id, title }) => ({ type: 'reply', reply: { id, title } })) })
    case 'list':
      return interactive('list', message, {
        button: message.button,
        sections: message.sections.map(({ title, rows }) => filled({ title, rows: rows.map(rowOf) })),
      })
    case 'cta_url':
      return interactive('cta_url', message, ctaUrlAction(message))
    case 'text':
      return { type: 'text', text: { preview_url: message.preview ?? false, body: message.text } }
    case 'template':
      return { type: 'template', template: templateOf(message.template) }
    case 'image':
    case 'video':
    case 'audio':
    case 'document':
      return { type: message.type, [message.type]: mediaOf(message) }
    case 'location': {
      const { latitude, longitude, name, address } = message.location
      return { type: 'location', location: filled({ latitude, longitude, name, address }) }
    }
    case 'reaction':
      return { type: 'reaction', reaction: { message_id: message.reaction.to, emoji: message.reaction.emoji } }
    case 'raw':
      return message.raw
  }
}

function interactive(type: string, framed: { header?: SentHeader; body: string; footer?: string }, action: object): Content {
  const { header, body, footer } = framed
  return {
    type: 'interactive',
    interactive: filled({ type, header: header && headerOf(header), body: { text: body }, footer: footer ? { text: footer } : undefined, action }),
  }
}

function headerOf(header: SentHeader): object | undefined {
  if (header.type === 'text') return header.text ? { type: 'text', text: header.text } : undefined
  const { link, id } = header
  return { type: header.type, [header.type]: filled({ link, id, filename: header.type === 'document' ? header.filename : undefined }) }
}

const rowOf = ({ id, title, description }: SentRow): object => filled({ id, title, description })

function ctaUrlAction(message: SentCtaUrl): object {
  const [button, ...others] = message.buttons
  if (button === undefined || others.length > 0) {
    const found = `A cta_url message with ${message.buttons.length} buttons cannot leave: WhatsApp takes exactly one URL button outside a template.`
    throw new WaError('WA_MESSAGE_INVALID', `${found} Keep one, or name an approved template that carries them.`, [
      { path: 'buttons', message: found, actual: message.buttons.length, limit: 1, fix: 'Keep one button, or name an approved template.' },
    ])
  }
  return { name: 'cta_url', parameters: { display_text: button.title, url: button.url } }
}

/** `policy` is what Exotel's examples carry and Meta's OpenAPI requires; Meta's pages leave it out and take it. */
function templateOf(template: { name: string; language: string; components: readonly unknown[] }): object {
  const { name, language, components } = template
  return { name, language: { code: language, policy: 'deterministic' }, ...(components.length > 0 ? { components } : {}) }
}

function mediaOf(message: SentMedia): object {
  switch (message.type) {
    case 'image':
      return filled({ link: message.image.link, id: message.image.id, caption: message.caption })
    case 'video':
      return filled({ link: message.video.link, id: message.video.id, caption: message.caption })
    case 'audio':
      return filled({ link: message.audio.link, id: message.audio.id })
    case 'document':
      return filled({ link: message.document.link, id: message.document.id, filename: message.filename, caption: message.caption })
  }
}

/** Without the fields that are undefined or empty: the providers refuse `""` where they accept an absent field. */
function filled(fields: Record<string, unknown>): object {
  const kept: Record<string, unknown> = {}
  for (const name of Object.keys(fields)) if (fields[name] !== undefined && fields[name] !== '') kept[name] = fields[name]
  return kept
}
