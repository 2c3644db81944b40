import { WaError } from '../errors'
import type { MenuSpec } from '../model/menu'
import { type Actor, CODE, writeAudit } from './audit'
import type { Db, Query } from './database'
import { fromJson, hashOf, insertOnce, numeric, type Page, type PageRequest, pageById, toJson } from './rows'
import { setTags, tagsOf } from './tags'

/** A stored menu: its live version, and the draft that staff are writing. */
export interface MenuRow {
  id: number
  key: string
  type: string
  owner: 'code' | 'staff'
  /** Live version, null while never published. */
  version: number | null
  draft: MenuSpec | null
  /** What code declares today, null for menus made by staff. */
  declared: MenuSpec | null
  /** Grows with every write; the ETag. */
  revision: number
  updated_by: string | null
  updated_at: number
  created_at: number
  archived_at: number | null
}
/** A version that was published: immutable. */
export interface MenuVersionRow {
  menu_id: number
  version: number
  spec: MenuSpec
  published_by: string | null
  published_at: number
}
export interface StoredMenu extends MenuRow {
  published: MenuSpec | null
  tags: string[]
}

type Raw = Omit<MenuRow, 'draft' | 'declared'> & { draft: string | null; declared: string | null; declarations: string | null }
const read = (row: Raw): MenuRow => {
  const { declarations: _seen, ...columns } = numeric(row, ['id', 'version', 'revision', 'updated_at', 'created_at', 'archived_at'])
  return { ...columns, draft: fromJson<MenuSpec>(row.draft), declared: fromJson<MenuSpec>(row.declared) }
}

export const menuByKey = async (query: Query, key: string): Promise<StoredMenu | null> => withWords(query, await query('wa_menus').where({ key }).first())

/** As it stands until the commit: nobody else changes it meanwhile, so its revision is compared and counted on from what it is. (sqlite has one writer.) */
async function rowToChange(trx: Query, db: Db, key: string): Promise<Raw | undefined> {
  const row = trx('wa_menus').where({ key }).first()
  return db.dialect === 'sqlite' ? row : row.forUpdate()
}

async function withWords(query: Query, row: Raw | undefined): Promise<StoredMenu | null> {
  if (!row) return null
  const menu = read(row)
  const tags = await tagsOf(query, [menu.id])
  return { ...menu, published: menu.version === null ? null : await menuVersion(query, menu.id, menu.version), tags: tags.get(menu.id) ?? [] }
}

/** Where a menu stands: every write of it makes another revision. */
export async function menuStand(query: Query, key: string): Promise<{ id: number; revision: number } | null> {
  const row = (await query('wa_menus').where({ key }).first('id', 'revision')) as { id: number | string; revision: number } | undefined
  return row ? { id: Number(row.id), revision: row.revision } : null
}

async function menuVersion(query: Query, menuId: number, version: number): Promise<MenuSpec | null> {
  const row = (await query('wa_menu_versions').where({ menu_id: menuId, version }).first()) as { spec: string } | undefined
  return fromJson<MenuSpec>(row?.spec ?? null)
}

/** The words of one version, as they were published. */
export async function menuVersionByKey(query: Query, key: string, version: number): Promise<MenuSpec | null> {
  const row = (await query('wa_menus').where({ key }).first('id')) as { id: number | string } | undefined
  return row ? menuVersion(query, Number(row.id), version) : null
}

/** `archived`: those alone, else those in use. `changed`: only those whose draft is not live. `tag`: only those filed under it. */
export async function listMenus(
  query: Query,
  request: PageRequest & { archived?: boolean | undefined; changed?: boolean | undefined; tag?: string | undefined },
): Promise<Page<StoredMenu>> {
  const rows = query('wa_menus')
  if (request.archived) rows.whereNotNull('archived_at')
  else rows.whereNull('archived_at')
  if (request.changed) rows.whereNotNull('draft')
  if (request.tag !== undefined) rows.whereIn('id', query('wa_menu_tags').where({ tag: request.tag }).select('menu_id'))
  const page = await pageById(rows, request, read)
  const specs = (await query('wa_menu_versions as v')
    .join('wa_menus as m', (on) => on.on('m.id', 'v.menu_id').andOn('m.version', 'v.version'))
    .whereIn(
      'm.id',
      page.items.map((menu) => menu.id),
    )
    .select('m.id', 'v.spec')) as {
    id: number | string
    spec: string
  }[]
  const published = new Map(specs.map((row) => [Number(row.id), fromJson<MenuSpec>(row.spec)]))
  const tags = await tagsOf(
    query,
    page.items.map((menu) => menu.id),
  )
  return { ...page, items: page.items.map((menu) => ({ ...menu, published: published.get(menu.id) ?? null, tags: tags.get(menu.id) ?? [] })) }
}

/** How many menus are in use, how many of them are not live as they stand, and the first of those by key. */
export async function menusInShort(query: Query, shown: number): Promise<{ count: number; changed: number; drafts: string[] }> {
  const row = (await query('wa_menus').whereNull('archived_at').count({ n: '*' }).count({ changed: 'draft' }).first()) as {
    n: number | string
    changed: number | string
  }
  const drafts =
    Number(row.changed) === 0 ? [] : await query('wa_menus').whereNull('archived_at').whereNotNull('draft').orderBy('key').limit(shown).pluck('key')
  return { count: Number(row.n), changed: Number(row.changed), drafts }
}

/** Menus that somebody changed since they were published, or never published; counted up to `most`. */
export async function countChangedMenus(query: Query, most: number): Promise<number> {
  return (await query('wa_menus').whereNull('archived_at').whereNotNull('draft').limit(most).select('id')).length
}

/** Which of these menus are out of use. */
export async function archivedAmong(query: Query, keys: readonly string[]): Promise<string[]> {
  const rows = (await query('wa_menus')
    .whereIn('key', [...keys])
    .whereNotNull('archived_at')
    .orderBy('key')
    .select('key')) as { key: string }[]
  return rows.map((row) => row.key)
}

export async function versionsOf(query: Query, menuId: number, request: PageRequest): Promise<Page<MenuVersionRow & { id: number }>> {
  return pageById(query('wa_menu_versions').where({ menu_id: menuId }), request, (row: MenuVersionRow & { id: number; spec: unknown }) => ({
    ...numeric(row, ['id', 'menu_id', 'version', 'published_at']),
    spec: fromJson<MenuSpec>(row.spec as unknown as string) as MenuSpec,
  }))
}

/**
 * Code's menus at start. New: version 1, live. Declared otherwise than ever before: a draft appears for staff to look at, never a silent overwrite
 * (a menu that code owns is published at once: nobody else can). A draft that staff are writing is left alone.
 */
export async function declareMenu(db: Db, given: MenuSpec, now: number): Promise<'new' | 'changed' | 'same'> {
  // Tags are staff's from the beginning: code may give the first ones.
  const { tags, ...spec } = given
  return db.tx(async (trx) => {
    const declaration = hashOf(canonical(spec))
    const row = {
      key: spec.key,
      type: spec.type,
      owner: spec.owner ?? 'staff',
      declared: toJson(spec),
      declarations: toJson([declaration]),
      updated_by: CODE.name,
      updated_at: now,
      created_at: now,
    }
    const known = await rowToChange(trx, db, spec.key)
    if (!known) {
      const id = await insertOnce(trx, db.dialect, 'wa_menus', { ...row, version: 1 }, 'key')
      if (id === null) return 'same'
      await trx('wa_menu_versions').insert({ menu_id: id, version: 1, spec: toJson(spec), published_by: CODE.name, published_at: now })
      await writeAudit(trx, CODE, 'menu.declared', `menu:${spec.key}`, null, spec, now)
      if (tags) await setTags(trx, { id, key: spec.key }, tags, CODE, now)
      return 'new'
    }
    const seen = fromJson<string[]>(known.declarations) ?? []
    if (seen.includes(declaration)) return 'same'
    const menu = read(known)
    await trx('wa_menus')
      .where({ id: menu.id })
      .update({
        declared: row.declared,
        declarations: toJson([...seen, declaration]),
        owner: row.owner,
        type: menu.draft ? menu.type : spec.type,
        revision: menu.revision + 1,
        updated_at: now,
      })
    await writeAudit(trx, CODE, 'menu.declared', `menu:${spec.key}`, menu.declared, spec, now)
    if (spec.owner === 'code') await publishSpec(trx, { ...menu, revision: menu.revision + 1 }, spec, CODE, now)
    else if (!menu.draft)
      await trx('wa_menus')
        .where({ id: menu.id })
        .update({ draft: toJson(spec), updated_by: CODE.name })
    return 'changed'
  })
}

/**
 * Saves a draft; makes the menu when it is new. `expected` is the revision the writer saw: somebody else's change since then is not overwritten;
 * `new`: there must be no menu of that key yet. Tags are kept where none are given; they make no draft. The words that are there already change nothing, so that nobody is told of a change that is none.
 */
export async function saveDraft(
  db: Db,
  given: MenuSpec,
  by: Actor,
  expected: number | 'new' | null,
  now: number,
): Promise<{ created: boolean; menu: StoredMenu }> {
  const { tags, ...spec } = given
  return db.tx(async (trx) => {
    const saved = await saveWords(trx, db, spec, by, expected, now)
    if (tags === undefined || !(await setTags(trx, saved.menu, tags, by, now))) return saved
    return { ...saved, menu: await mustFind(trx, spec.key) }
  })
}

async function saveWords(
  trx: Query,
  db: Db,
  spec: MenuSpec,
  by: Actor,
  expected: number | 'new' | null,
  now: number,
): Promise<{ created: boolean; menu: StoredMenu }> {
  const known = await withWords(trx, await rowToChange(trx, db, spec.key))
  if (!known) {
    if (typeof expected === 'number') throw stale(spec.key, expected, null)
    const row = { key: spec.key, type: spec.type, owner: spec.owner ?? 'staff', draft: toJson(spec), updated_by: by.name, updated_at: now, created_at: now }
    // Made by somebody else since we looked: looked at once more, it is there.
    if ((await insertOnce(trx, db.dialect, 'wa_menus', row, 'key')) === null)
      throw Object.assign(new Error('the same menu is being made by another process'), { code: '40001' })
    await writeAudit(trx, by, 'menu.created', `menu:${spec.key}`, null, spec, now)
    return { created: true, menu: await mustFind(trx, spec.key) }
  }
  if (expected === 'new') throw exists(known)
  if (expected !== null && expected !== known.revision) throw stale(spec.key, expected, known.revision)
  if (known.owner === 'code') throw readOnly(known)
  if (known.archived_at === null && canonical(known.draft ?? known.published) === canonical(spec)) return { created: false, menu: known }
  const unchanged = known.published !== null && canonical(known.published) === canonical(spec)
  const moved = await trx('wa_menus')
    .where({ id: known.id, revision: known.revision })
    .update({
      type: spec.type,
      draft: unchanged ? null : toJson(spec),
      archived_at: null,
      revision: known.revision + 1,
      updated_by: by.name,
      updated_at: now,
    })
  if (moved === 0) throw stale(spec.key, known.revision, null)
  await writeAudit(trx, by, 'menu.draft', `menu:${spec.key}`, known.draft ?? known.published, spec, now)
  return { created: false, menu: await mustFind(trx, spec.key) }
}

/** Done in the transaction that makes a version live, so that whoever waits to hear of it surely does. */
export type WentLive = (trx: Query, version: number) => Promise<void>

/** Makes the draft live as a new version. An unchanged draft answers the version that is live. */
export async function publishDraft(
  db: Db,
  key: string,
  by: Actor,
  expected: number | null,
  now: number,
  wentLive?: WentLive,
): Promise<{ version: number; changed: boolean; menu: StoredMenu }> {
  return db.tx(async (trx) => {
    const menu = await mustChange(trx, db, key)
    if (expected !== null && expected !== menu.revision) throw stale(key, expected, menu.revision)
    if (!menu.draft) {
      if (menu.version === null) throw new WaError('WA_STATE', `Menu "${key}" has neither a draft nor a published version.`)
      return { version: menu.version, changed: false, menu }
    }
    const version = await publishSpec(trx, menu, menu.draft, by, now)
    await wentLive?.(trx, version)
    return { version, changed: true, menu: await mustFind(trx, key) }
  })
}

/**
 * Makes an older version live again, as a new version: history is never rewritten. A draft that somebody is writing stays a draft.
 * Where the same words are live already, as after a second click, nothing is written and their version is returned.
 */
export async function rollBack(db: Db, key: string, version: number, by: Actor, now: number, wentLive?: WentLive): Promise<number> {
  return db.tx(async (trx) => {
    const menu = await mustChange(trx, db, key)
    if (menu.owner === 'code') throw readOnly(menu)
    const spec = await menuVersion(trx, menu.id, version)
    if (!spec) throw new WaError('WA_NOT_FOUND', `Menu "${key}" has no version ${version}.`)
    if (menu.version !== null && menu.archived_at === null && canonical(menu.published) === canonical(spec)) return menu.version
    const live = await publishSpec(trx, menu, spec, by, now, 'menu.rolled_back')
    if (menu.draft && canonical(menu.draft) !== canonical(spec))
      await trx('wa_menus')
        .where({ id: menu.id })
        .update({ draft: toJson(menu.draft), type: menu.draft.type })
    await wentLive?.(trx, live)
    return live
  })
}

/** Throws the draft away: what is live stays. */
export async function discardDraft(db: Db, key: string, by: Actor, now: number): Promise<void> {
  await db.tx(async (trx) => {
    const menu = await mustChange(trx, db, key)
    if (!menu.draft || menu.version === null) return
    await trx('wa_menus')
      .where({ id: menu.id })
      .update({ draft: null, type: menu.published?.type ?? menu.type, revision: menu.revision + 1, updated_by: by.name, updated_at: now })
    await writeAudit(trx, by, 'menu.draft_discarded', `menu:${key}`, menu.draft, null, now)
  })
}

/** Takes a menu out of use, or brings it back. Its versions stay: old messages are still drawn from them. `expected` as for `saveDraft`. */
export async function archiveMenu(db: Db, key: string, archived: boolean, by: Actor, now: number, expected: number | null = null): Promise<StoredMenu> {
  return db.tx(async (trx) => {
    const menu = await mustChange(trx, db, key)
    if (expected !== null && expected !== menu.revision) throw stale(key, expected, menu.revision)
    if (menu.owner === 'code') throw readOnly(menu)
    if ((menu.archived_at !== null) === archived) return menu
    await trx('wa_menus')
      .where({ id: menu.id })
      .update({ archived_at: archived ? now : null, revision: menu.revision + 1, updated_by: by.name, updated_at: now })
    await writeAudit(trx, by, archived ? 'menu.archived' : 'menu.restored', `menu:${key}`, null, null, now)
    return mustFind(trx, key)
  })
}

async function publishSpec(trx: Query, menu: StoredMenu | MenuRow, spec: MenuSpec, by: Actor, now: number, action = 'menu.published'): Promise<number> {
  const row = (await trx('wa_menu_versions').where({ menu_id: menu.id }).max({ version: 'version' }).first()) as { version: number | null } | undefined
  const version = Number(row?.version ?? 0) + 1
  // Of two who publish at once one wins; the other one's version would have had the same number.
  const moved = await trx('wa_menus')
    .where({ id: menu.id, revision: menu.revision })
    .update({ version, type: spec.type, draft: null, archived_at: null, revision: menu.revision + 1, updated_by: by.name, updated_at: now })
  if (moved === 0) throw stale(menu.key, menu.revision, null)
  await trx('wa_menu_versions').insert({ menu_id: menu.id, version, spec: toJson(spec), published_by: by.name, published_at: now })
  await writeAudit(trx, by, action, `menu:${menu.key}`, menu.version === null ? null : await menuVersion(trx, menu.id, menu.version), spec, now)
  return version
}

const mustFind = async (query: Query, key: string): Promise<StoredMenu> => mustBe(await menuByKey(query, key), key)
const mustChange = async (trx: Query, db: Db, key: string): Promise<StoredMenu> => mustBe(await withWords(trx, await rowToChange(trx, db, key)), key)

function mustBe(menu: StoredMenu | null, key: string): StoredMenu {
  if (!menu) throw new WaError('WA_MENU_UNKNOWN', `There is no menu "${key}".`, [{ path: 'menu', message: 'unknown key', actual: key }])
  return menu
}

const stale = (key: string, expected: number, actual: number | null): WaError =>
  new WaError('WA_MENU_STALE', `Menu "${key}" was changed by somebody else meanwhile. Load it again, compare, and save once more.`, [
    { path: 'If-Match', message: 'another revision', actual, limit: expected },
  ])

const exists = (menu: MenuRow): WaError =>
  new WaError(
    'WA_STATE',
    `There is a menu "${menu.key}" already${menu.archived_at === null ? '' : ', archived'}. Write to it: PUT …/menus/${menu.key}, or choose another key.`,
    [{ path: 'key', message: 'taken', actual: menu.key }],
  )

const readOnly = (menu: MenuRow): WaError =>
  new WaError('WA_MENU_READ_ONLY', `Menu "${menu.key}" is owned by code (owner: 'code'). Change it where it is declared.`, [
    { path: 'key', message: 'owned by code', actual: menu.key },
  ])

/** The same menu gives the same text, in whatever order its fields were written. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  )
}
