import { WaError } from '../../../errors'
import type { MenuSpec } from '../../../model/menu'
import { listMenus, menuVersionByKey, type StoredMenu } from '../../../store/menus'
import type { Exchange, Role, Route } from '../../exchange'
import { send } from '../../problem'
import { menuOf, writtenOf } from './one'

export const routes: Route<Role>[] = [
  { method: 'GET', path: '/menus/_export', may: 'editor', handle: all },
  { method: 'GET', path: '/menus/:key/export', may: 'editor', handle: one },
]

/** The draft, or what is live while there is none; `?version=3` that version. */
async function one(x: Exchange): Promise<void> {
  const menu = await menuOf(x)
  const asked = x.query.get('version')
  if (asked === null) return download(x, `${menu.key}.json`, taggedOf(menu))
  const spec = /^\d{1,9}$/.test(asked) ? await menuVersionByKey(x.engine.db.read, menu.key, Number(asked)) : null
  if (!spec) throw new WaError('WA_NOT_FOUND', `Menu "${menu.key}" has no version ${asked.slice(0, 12)}.`)
  return download(x, `${menu.key}-v${asked}.json`, spec)
}

/** Every menu in use, as a list that can be imported elsewhere. */
async function all(x: Exchange): Promise<void> {
  const menus: MenuSpec[] = []
  let after: string | undefined
  do {
    const page = await listMenus(x.engine.db.read, { limit: 200, after })
    menus.push(...page.items.map(taggedOf))
    after = page.next ?? undefined
  } while (after !== undefined)
  return download(x, 'menus.json', menus.reverse())
}

/** Filed under the same words where it is imported. */
const taggedOf = (menu: StoredMenu): MenuSpec => ({ ...writtenOf(menu), ...(menu.tags.length > 0 ? { tags: menu.tags } : {}) })

function download(x: Exchange, name: string, what: unknown): void {
  send(x.res, 200, 'application/json; charset=utf-8', `${JSON.stringify(what, null, 2)}\n`, { 'Content-Disposition': `attachment; filename="${name}"` })
}
