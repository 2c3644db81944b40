import type { MenuSpec } from '../../../model/menu'
import type { SentMessage } from '../../../model/message'
import { preview } from '../../../model/render'
import { isBlank } from '../../../model/wording'
import type { Exchange } from '../../exchange'
import type { Say } from '../../words/say'
import { type Bubble, bubbleOf } from '../bubble'
import { momentOf } from '../when'

/** A menu as the customer will see it, drawn from the message that would be sent with its samples; null while there is nothing to draw. */
export function previewOf(menu: MenuSpec, x: Exchange, element = '_message'): Bubble | null {
  const { message } = preview(menu)
  if (message === null) return null
  return bubbleOf(named(message, x.t), x.t, { element, side: 'theirs', open: true, time: momentOf(x.engine.now(), x) })
}

/** What can be tapped has a name in the drawing, also before it has one: WhatsApp would not take it, but it shows where something is missing. */
function named(message: SentMessage, t: Say): SentMessage {
  const name = <T extends { title: string }>(one: T): T => (isBlank(one.title) ? { ...one, title: `‹${t('title')}›` } : one)
  if (message.type === 'button') return { ...message, buttons: message.buttons.map(name) }
  if (message.type === 'cta_url') return { ...message, buttons: message.buttons.map(name) }
  if (message.type === 'list')
    return {
      ...message,
      button: isBlank(message.button) ? `‹${t('button')}›` : message.button,
      sections: message.sections.map((section) => ({
        ...section,
        rows: section.rows.map((row) => (isBlank(row.title) ? { ...row, title: `‹${t('row')}›` } : row)),
      })),
    }
  if (message.type !== 'template') return message
  const { template, shown } = message
  return {
    ...message,
    template: { ...template, name: template.name || `‹${t('name')}›`, language: template.language || `‹${t('language')}›` },
    ...(shown ? { shown: { ...shown, buttons: shown.buttons.map(name) } } : {}),
  }
}
