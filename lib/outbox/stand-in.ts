import { wordsOf } from '../model/message'
import { renderTemplate } from '../model/render'
import type { Db } from '../store/database'
import { rewriteOutbound } from '../store/departures'
import { menuVersionByKey } from '../store/menus'
import type { LeavingMessage } from '../store/outgoing'

/**
 * The window closed while a menu waited to leave: the approved template that this version of it names goes instead, with the same variables. Written down
 * before the request is made, so that the log shows what left. Null when there is none. Throws what the database throws.
 */
export async function standIn(db: Db, message: LeavingMessage, now: number): Promise<LeavingMessage | null> {
  if (message.menu_key === null || message.menu_version === null) return null
  const menu = await menuVersionByKey(db.write, message.menu_key, message.menu_version)
  const variables = message.variables ?? {}
  const template = menu && renderTemplate(menu, variables, { alsoKnown: Object.keys(variables) })
  if (!template) return null
  const words = { type: template.type, json: JSON.stringify(template), text: wordsOf(template) }
  if (!(await rewriteOutbound(db, message, words, 'The 24-hour window had closed, so the template of the menu leaves.', now))) return null
  return { ...message, type: words.type, json: words.json }
}
