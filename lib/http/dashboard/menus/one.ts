import { WaError } from '../../../errors'
import type { MenuSpec } from '../../../model/menu'
import { menuByKey, type StoredMenu } from '../../../store/menus'
import type { Exchange } from '../../exchange'
import { may } from '../asked'

/** The menu of an address. */
export async function menuOf(x: Exchange): Promise<StoredMenu> {
  const key = x.params.key ?? ''
  const menu = await menuByKey(x.engine.db.read, key)
  if (!menu) throw new WaError('WA_MENU_UNKNOWN', `There is no menu "${key.slice(0, 64)}".`)
  return menu
}

/** What is written at the moment: the draft, or what is live while nobody changed it. */
export function writtenOf(menu: StoredMenu): MenuSpec {
  const spec = menu.draft ?? menu.published
  if (!spec) throw new WaError('WA_STATE', `Menu "${menu.key}" has neither a draft nor a published version.`)
  return spec
}

/** Why this person cannot change this menu; null when they can. */
export function whyReadOnly(x: Exchange, menu: StoredMenu): string | null {
  if (menu.owner === 'code')
    return 'This menu belongs to the code: it is declared there with owner "code", so that its words and the program always fit. Ask a developer to change it.'
  if (menu.archived_at !== null) return 'This menu is archived: nobody can send it. Restore it to change it.'
  return may(x, 'editor') ? null : `You may read here; changing menus needs the role editor. You are ${x.user.role}.`
}

/** As `menuOf`, for forms that write. Throws WA_MENU_READ_ONLY, or WA_STATE for archived ones. */
export async function writableMenuOf(x: Exchange): Promise<StoredMenu> {
  const menu = await menuOf(x)
  const why = whyReadOnly(x, menu)
  if (why !== null) throw new WaError(menu.owner === 'code' ? 'WA_MENU_READ_ONLY' : 'WA_STATE', why)
  return menu
}

/** Where a menu stands, for its chip. */
export function standingOf(menu: StoredMenu, { t }: Exchange): { words: string; look: '' | 'is-good' | 'is-warn' } {
  if (menu.archived_at !== null) return { words: t('Archived'), look: '' }
  if (menu.version === null) return { words: t('Draft, never live'), look: 'is-warn' }
  return menu.draft
    ? { words: t('Changed since version {version}', { version: menu.version }), look: 'is-warn' }
    : { words: t('Live, version {version}', { version: menu.version }), look: 'is-good' }
}
