import { WaError } from '../errors'
import type { MenuSpec } from '../model/menu'
import { type SentMessage, wordsOf } from '../model/message'
import { render, renderTemplate } from '../model/render'
import { suggest } from '../model/suggest'
import { variablesIn } from '../model/variables'
import type { Query } from '../store/database'
import { listMenus, menuByKey, type StoredMenu } from '../store/menus'

/** What to send: a stored menu by its key, or a message that is complete. */
export type What = { menu: string; variables?: Record<string, unknown> } | { message: SentMessage }

/** A decision that could leave: rendered within the limits, and where its words came from. */
export interface Drawn {
  message: SentMessage
  text: string
  menu: { key: string; version: number; variables: Record<string, unknown> } | null
  /** Stands in when the window is closed and the menu names an approved template. */
  template: SentMessage | null
}

/** Renders a stored menu's live version, or passes a message on. Throws WA_MENU_UNKNOWN and whatever rendering finds wrong. */
export async function drawWhat(query: Query, what: What): Promise<Drawn> {
  if ('message' in what) return { message: what.message, text: wordsOf(what.message), menu: null, template: null }
  const menu = await liveMenu(query, what.menu)
  const variables = what.variables ?? {}
  const options = { alsoKnown: declaredVariables(menu) }
  const message = render(menu.published, variables, options)
  const template = message.type === 'template' ? message : renderTemplate(menu.published, variables, options)
  return { message, text: wordsOf(message), menu: { key: menu.key, version: menu.version, variables }, template }
}

/** Staff may use any subset of the variables that code declares: those are known even when the words no longer hold them. */
export function declaredVariables(menu: StoredMenu): string[] {
  if (!menu.declared) return []
  const { scalars, arrays } = variablesIn(menu.declared)
  return [...scalars, ...Object.keys(arrays), ...Object.keys(menu.declared.variables ?? {})]
}

async function liveMenu(query: Query, key: string): Promise<StoredMenu & { published: MenuSpec; version: number }> {
  const menu = await menuByKey(query, key)
  if (!menu) throw await unknownMenu(query, key)
  if (menu.archived_at !== null)
    throw new WaError('WA_MENU_UNKNOWN', `Menu "${key}" is archived. Restore it in the dashboard to send it again.`, [
      { path: 'menu', message: 'archived', actual: key },
    ])
  if (menu.published === null || menu.version === null)
    throw new WaError('WA_MENU_UNKNOWN', `Menu "${key}" has never been published; only its draft exists. Publish it first.`, [
      { path: 'menu', message: 'not published', actual: key },
    ])
  return { ...menu, published: menu.published, version: menu.version }
}

async function unknownMenu(query: Query, key: string): Promise<WaError> {
  const keys = (await listMenus(query, { limit: 200 })).items.map((menu) => menu.key)
  const near = suggest(key, keys)
  const hint = near ? `Did you mean "${near}"?` : 'Declare it in waInteractive({ menus: [...] }) or create it in the dashboard.'
  return new WaError('WA_MENU_UNKNOWN', `There is no menu "${key}". ${hint}`, [
    { path: 'menu', message: 'unknown key', actual: key, ...(near ? { fix: `Use "${near}".` } : {}) },
  ])
}
