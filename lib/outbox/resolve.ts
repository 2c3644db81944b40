import { WaError } from '../errors'
import type { SentMessage } from '../model/message'
import { suggest } from '../model/suggest'
import { variablesIn } from '../model/variables'
import type { Query } from '../store/database'
import { listMenus, menuByKey, menuStand, type StoredMenu } from '../store/menus'
import { type PreparedMenu, prepareMenu, type WrittenMenu, written } from './prepared-menu'

/** What to send: a stored menu by its key, or a message that is complete. */
export type What = { menu: string; variables?: Record<string, unknown> } | { message: SentMessage }

/** A decision that could leave: written within the limits, and where its words came from. */
export interface Drawn extends WrittenMenu {
  menu: { key: string; version: number; variables: Record<string, unknown> } | null
}

/** Writes a stored menu's live version, or passes a message on. Throws WA_MENU_UNKNOWN and whatever rendering finds wrong. */
export type Draw = (query: Query, what: What) => Promise<Drawn>

/** Menus that are kept prepared. */
const MOST = 200

/** Menus are looked up each time, because any instance may have published another version; what stands under a revision never changes and is prepared once. */
export function createDraw(): Draw {
  const prepared = new Map<string, Live>()
  const liveOf = async (query: Query, key: string): Promise<Live> => {
    const stand = await menuStand(query, key)
    const known = stand === null ? undefined : prepared.get(standing(stand))
    if (known) return known
    const menu = await liveMenu(query, key)
    const live = { version: menu.version, write: prepareMenu(menu.published, declaredVariables(menu)) }
    if (prepared.size >= MOST) for (const oldest of prepared.keys()) if (prepared.delete(oldest)) break
    prepared.set(standing(menu), live)
    return live
  }
  return async (query, what) => {
    if ('message' in what) return { message: written(what.message), menu: null, template: () => null }
    const live = await liveOf(query, what.menu)
    const variables = what.variables ?? {}
    return { ...live.write(variables), menu: { key: what.menu, version: live.version, variables } }
  }
}

interface Live {
  version: number
  write: PreparedMenu
}
const standing = ({ id, revision }: { id: number; revision: number }): string => `${id}:${revision}`

/** What would be sent, as a message. */
export const messageIn = ({ message }: Drawn): SentMessage => JSON.parse(message.json) as SentMessage

/** Staff may use any subset of the variables that code declares: those are known even when the words no longer hold them. */
export function declaredVariables(menu: StoredMenu): string[] {
  if (!menu.declared) return []
  const { scalars, arrays } = variablesIn(menu.declared)
  return [...scalars, ...Object.keys(arrays), ...Object.keys(menu.declared.variables ?? {})]
}

async function liveMenu(query: Query, key: string): Promise<StoredMenu & { published: NonNullable<StoredMenu['published']>; version: number }> {
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
