import { tidyTags } from '../model/tags'
import { type Actor, writeAudit } from './audit'
import type { Query } from './database'
import { storable } from './rows'

/** Tags of these menus, in order of the alphabet. */
export async function tagsOf(query: Query, menuIds: readonly number[]): Promise<Map<number, string[]>> {
  const tags = new Map<number, string[]>(menuIds.map((id) => [id, []]))
  if (menuIds.length === 0) return tags
  const rows = (await query('wa_menu_tags')
    .whereIn('menu_id', [...menuIds])
    .orderBy('tag')
    .select('menu_id', 'tag')) as { menu_id: number | string; tag: string }[]
  for (const row of rows) tags.get(Number(row.menu_id))?.push(row.tag)
  return tags
}

/** Every tag that a menu has, of those in use or of those archived, in order of the alphabet. */
export async function tagsInUse(query: Query, archived: boolean): Promise<string[]> {
  const rows = query('wa_menu_tags as t').join('wa_menus as m', 'm.id', 't.menu_id')
  if (archived) rows.whereNotNull('m.archived_at')
  else rows.whereNull('m.archived_at')
  return ((await rows.distinct('t.tag').orderBy('t.tag').limit(200)) as { tag: string }[]).map((row) => row.tag)
}

/** Files a menu under these words and no others. Answers whether anything changed. */
export async function setTags(trx: Query, menu: Filed, tags: readonly string[], by: Actor, now: number): Promise<boolean> {
  const before = (await tagsOf(trx, [menu.id])).get(menu.id) ?? []
  const after = tidyTags(tags).map(storable)
  if (areSame(before, after)) return false
  await trx('wa_menu_tags').where({ menu_id: menu.id }).delete()
  if (after.length > 0) await trx('wa_menu_tags').insert(after.map((tag) => ({ menu_id: menu.id, tag })))
  await writeAudit(trx, by, 'menu.tagged', `menu:${menu.key}`, before, after.sort(), now)
  return true
}

/** The same by somebody who knew of the tags `seen`. False when they are others by now: nothing is done. */
export async function changeTags(trx: Query, menu: Filed, seen: readonly string[], tags: readonly string[], by: Actor, now: number): Promise<boolean> {
  // Two who file it at once come one after the other.
  await trx('wa_menus').where({ id: menu.id }).update({ id: menu.id })
  if (!areSame((await tagsOf(trx, [menu.id])).get(menu.id) ?? [], seen)) return false
  await setTags(trx, menu, tags, by, now)
  return true
}

type Filed = { id: number; key: string }
const areSame = (some: readonly string[], others: readonly string[]): boolean => [...some].sort().join('\n') === [...others].sort().join('\n')
