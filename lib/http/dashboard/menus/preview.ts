import type { MenuSpec } from '../../../model/menu'
import { preview } from '../../../model/render'
import { type Bubble, bubbleOf } from '../bubble'
import { momentOf } from '../when'

/** A menu as the customer will see it, drawn from the message that would be sent with its samples; null while there is nothing to draw. */
export function previewOf(menu: MenuSpec, now: number, element = '_message'): Bubble | null {
  const { message } = preview(menu)
  if (message === null) return null
  return bubbleOf(message, { element, side: 'theirs', open: true, time: momentOf(now, now) })
}
