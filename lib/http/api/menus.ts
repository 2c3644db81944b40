import { type Fault, WaError } from '../../errors'
import { shown } from '../../model/fault'
import type { MenuSpec } from '../../model/menu'
import { isObject } from '../../model/readers'
import { KEY, shapeFaultsOf } from '../../model/shape'
import { archiveMenu, listMenus, menuByKey, type StoredMenu, saveDraft } from '../../store/menus'
import type { Exchange } from '../exchange'
import { sendJson } from '../problem'
import type { ApiRoute, Asked } from './route'
import { Menu, MenuAtKey, Publish, Published, StoredMenu as StoredMenuSchema } from './schemas/menu'
import { J, name, type Paging, pageOf, paging, shape } from './schemas/shape'

const ETAG = 'The revision, for If-Match.'
const ifMatch = {
  'If-Match': J.string().max(255).description('The ETag you saw: when somebody else changed the menu since, nothing is done (412). `*`: it must exist.'),
}
const example = {
  type: 'button',
  body: 'Order {{order}} has arrived. How was it?',
  variables: { order: { sample: 'ORD-1' } },
  buttons: [
    { id: 'rating_great', title: 'Great!' },
    { id: 'rating_bad', title: 'Not satisfied' },
  ],
}

export const routes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/api/menus',
    may: 'read',
    id: 'listMenus',
    summary: 'Menus, the newest first',
    query: shape(
      {},
      {
        archived: J.boolean().description('Those that were taken out of use instead.'),
        tag: name(64).description('Only those that are filed under this word.'),
        ...paging,
      },
    ),
    answer: { status: 200, about: 'A page of menus.', schema: pageOf(StoredMenuSchema) },
    handle: list,
  },
  {
    method: 'POST',
    path: '/api/menus',
    may: 'admin',
    id: 'createMenu',
    summary: 'Write the draft of a new menu',
    about: 'It can be sent once it is published.',
    body: { schema: Menu, example: { key: 'rating', ...example }, explain: [{ at: '', code: 'WA_REQUEST_INVALID', faults: draftFaults }] },
    answer: { status: 201, about: 'Made.', schema: StoredMenuSchema, headers: { ETag: ETAG, Location: 'Where it is.' } },
    refuses: ['WA_STATE'],
    handle: create,
  },
  {
    method: 'GET',
    path: '/api/menus/:key',
    may: 'read',
    id: 'getMenu',
    summary: 'What is live and what is being written',
    answer: { status: 200, about: 'The menu.', schema: StoredMenuSchema, headers: { ETag: ETAG } },
    refuses: ['WA_MENU_UNKNOWN'],
    handle: show,
  },
  {
    method: 'PUT',
    path: '/api/menus/:key',
    may: 'admin',
    id: 'putMenu',
    summary: 'Write the draft',
    about:
      'Makes the menu when it is new, and brings an archived one back. What is live stays until you publish. A draft may be unfinished: its structure is checked here, its limits when it is published.',
    headers: ifMatch,
    body: { schema: MenuAtKey, example, explain: [{ at: '', code: 'WA_REQUEST_INVALID', faults: draftFaults }] },
    answer: { status: 200, about: 'Written.', schema: StoredMenuSchema, headers: { ETag: ETAG } },
    refuses: ['WA_MENU_UNKNOWN', 'WA_MENU_READ_ONLY', 'WA_MENU_STALE'],
    handle: put,
  },
  {
    method: 'DELETE',
    path: '/api/menus/:key',
    may: 'admin',
    id: 'archiveMenu',
    summary: 'Take it out of use',
    about: 'It can no longer be sent. Its versions stay, because old messages are drawn from them; PUT brings it back.',
    headers: ifMatch,
    query: shape({}, { force: J.boolean().description('Also when code listens to its options.') }),
    answer: { status: 204, about: 'Out of use.' },
    refuses: ['WA_MENU_UNKNOWN', 'WA_MENU_READ_ONLY', 'WA_MENU_IN_USE', 'WA_MENU_STALE'],
    handle: archive,
  },
  {
    method: 'POST',
    path: '/api/menus/:key/publish',
    may: 'admin',
    id: 'publishMenu',
    summary: 'Make the draft live',
    about: 'As a new version, after every check; when nothing has changed, the version that is live is the answer.',
    headers: ifMatch,
    body: { schema: Publish, optional: true, example: {} },
    answer: { status: 200, about: 'Live.', schema: Published, headers: { ETag: ETAG } },
    refuses: ['WA_MENU_UNKNOWN', 'WA_MENU_LIMIT', 'WA_MENU_IN_USE', 'WA_MENU_STALE', 'WA_STATE'],
    handle: publish,
  },
]

async function list(x: Exchange, { query }: Asked): Promise<void> {
  const found = await listMenus(x.engine.db.read, query as unknown as Paging & { archived?: boolean; tag?: string })
  sendJson(x.res, 200, { items: found.items.map(shownAs), next: found.next })
}

async function create(x: Exchange, { body }: Asked): Promise<void> {
  const spec = body as MenuSpec
  const { menu } = await saveDraft(x.engine.db, spec, x.user, 'new', x.engine.now())
  sendJson(x.res, 201, shownAs(menu), { ETag: etagOf(menu), Location: `${x.base}/api/menus/${menu.key}` })
}

async function show(x: Exchange): Promise<void> {
  const menu = await menuOf(x)
  if (menu.archived_at !== null) throw unknown(menu.key, `Menu "${menu.key}" is archived. PUT it to bring it back.`)
  sendJson(x.res, 200, shownAs(menu), { ETag: etagOf(menu) })
}

async function put(x: Exchange, { body, headers }: Asked): Promise<void> {
  const key = keyOf(x)
  const spec = { key, ...(body as object) } as MenuSpec
  const { menu } = await saveDraft(x.engine.db, spec, x.user, await expected(x, headers['If-Match']), x.engine.now())
  sendJson(x.res, 200, shownAs(menu), { ETag: etagOf(menu) })
}

async function archive(x: Exchange, { headers, query }: Asked): Promise<void> {
  // As if every option went: an id that code listens to does not vanish without a word.
  const breaks = (query as { force?: boolean }).force ? [] : await x.engine.wouldBreak(keyOf(x), { key: keyOf(x), type: 'text', body: '' })
  if (breaks.length > 0) {
    const faults = breaks.map(({ fault }) => ({ ...fault, fix: 'Keep the menu, or archive it all the same with ?force=true if the developers agree.' }))
    throw new WaError('WA_MENU_IN_USE', faults.map((fault) => fault.message).join(' '), faults)
  }
  await archiveMenu(x.engine.db, keyOf(x), true, x.user, x.engine.now(), await expected(x, headers['If-Match']))
  x.res.writeHead(204, { 'Cache-Control': 'no-store' }).end()
}

async function publish(x: Exchange, { body, headers }: Asked): Promise<void> {
  const { force } = body as { force?: boolean }
  const key = keyOf(x)
  const { version, changed, menu } = await x.engine.publish(key, x.user, { expected: await expected(x, headers['If-Match']), force: force ?? false })
  sendJson(x.res, 200, { key, version, changed }, { ETag: etagOf(menu) })
}

const shownAs = (menu: StoredMenu) => ({ key: menu.key, version: menu.version, published: menu.published, draft: menu.draft, tags: menu.tags })

const etagOf = (menu: StoredMenu): string => `"${menu.revision}"`

/** The revision that If-Match names; null without one. Proxies that compress weaken an ETag, so `W/` is taken too. */
async function expected(x: Exchange, ifMatch: string | undefined): Promise<number | null> {
  if (ifMatch === undefined) return null
  if (ifMatch.trim() === '*') return (await menuOf(x, 'WA_MENU_STALE')).revision
  const revision = /^(?:W\/)?"(\d{1,9})"$/.exec(ifMatch.trim())?.[1]
  if (revision !== undefined) return Number(revision)
  throw new WaError('WA_MENU_STALE', `If-Match is ${shown(ifMatch)}, which is no ETag of a menu. Send the one that GET answered, or *.`, [
    { path: 'If-Match', message: 'no ETag of a menu', actual: shown(ifMatch) },
  ])
}

async function menuOf(x: Exchange, code: 'WA_MENU_UNKNOWN' | 'WA_MENU_STALE' = 'WA_MENU_UNKNOWN'): Promise<StoredMenu> {
  const key = keyOf(x)
  const menu = await menuByKey(x.engine.db.read, key)
  if (menu === null) throw unknown(key, `There is no menu "${key}".`, code)
  return menu
}

/** The `:key` of an address; what cannot be one is not found. */
function keyOf(x: Exchange): string {
  const key = x.params.key ?? ''
  if (!KEY.test(key)) throw unknown(key, `There is no menu ${shown(key)}; a key has small letters, digits and -, at most 64.`)
  return key
}

const unknown = (key: string, message: string, code: 'WA_MENU_UNKNOWN' | 'WA_MENU_STALE' = 'WA_MENU_UNKNOWN'): WaError =>
  new WaError(code, message, [{ path: 'key', message: 'not there', actual: key.slice(0, 64) }])

/** What the structure of a draft has wrong, in the words of the editor. Only code gives menus to code: nobody could change them any more. */
function draftFaults(body: unknown, x: Exchange): Fault[] {
  const { key } = x.params
  const keyed = isObject(body) && key !== undefined && !Object.hasOwn(body, 'key') ? { ...body, key } : body
  const faults = shapeFaultsOf(keyed)
  if (!isObject(keyed)) return faults
  if (key !== undefined && typeof keyed.key === 'string' && keyed.key !== key)
    faults.push({
      path: 'key',
      message: `key is ${shown(keyed.key)}, and the address says "${key}". Leave it out, or write to the other address.`,
      actual: shown(keyed.key),
      limit: key,
    })
  if (keyed.owner === 'code')
    faults.push({
      path: 'owner',
      message: `owner is "code"; that is for menus that code declares. Leave it out.`,
      actual: 'code',
      limit: 'staff',
      fix: 'Leave it out.',
    })
  return faults
}
