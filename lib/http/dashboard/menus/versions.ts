import { WaError } from '../../../errors'
import { TYPE_WORDS } from '../../../model/changes'
import type { MenuSpec } from '../../../model/menu'
import { menuVersionByKey, type StoredMenu, versionsOf } from '../../../store/menus'
import { readForm } from '../../body'
import type { Exchange, Role, Route } from '../../exchange'
import { addressWith, afterOf, idOf, may } from '../asked'
import { page, seeOther } from '../page'
import { momentOf } from '../when'
import { changesView, nothingOf } from './changes-view'
import { menuOf, standingOf, whyReadOnly, writableMenuOf, writtenOf } from './one'
import { previewOf } from './preview'

export const routes: Route<Role>[] = [
  { method: 'GET', path: '/menus/:key/versions', may: 'viewer', handle: list },
  { method: 'GET', path: '/menus/:key/versions/:version', may: 'viewer', handle: async (x) => show(x, await menuOf(x), null) },
  { method: 'POST', path: '/menus/:key/versions/:version/live', may: 'editor', handle: makeLive },
]

const PAGE = 20

const frameOf = (menu: StoredMenu, x: Exchange) => ({
  tab: 'versions',
  styles: ['editor.css'],
  key: menu.key,
  typeWords: x.t(TYPE_WORDS[writtenOf(menu).type]),
  standing: standingOf(menu, x),
})

async function list(x: Exchange): Promise<void> {
  const menu = await menuOf(x)
  const found = await versionsOf(x.engine.db.read, menu.id, { limit: PAGE, after: afterOf(x) })
  const lines = found.items.map((row, at) => {
    const before = found.items[at + 1]?.spec
    return {
      version: row.version,
      live: row.version === menu.version,
      by: row.published_by ?? x.t('somebody'),
      time: momentOf(row.published_at, x),
      changes: before ? changesView(before, row.spec, x.t).map((change) => change.what) : null,
      preview: previewOf(row.spec, x, `version-${row.version}`),
    }
  })
  return page(x, 'menus/versions', {
    title: x.t('Versions of {menu}', { menu: menu.key }),
    ...frameOf(menu, x),
    lines,
    did: x.query.get('did') === 'live' ? menu.version : null,
    kept: menu.draft !== null,
    isFirst: afterOf(x) === undefined,
    first: addressWith(x, { after: null, did: null }),
    next: found.next === null ? null : addressWith(x, { after: found.next, did: null }),
  })
}

/** One version on the phone, and what would change if it went live again. */
async function show(x: Exchange, menu: StoredMenu, refused: string | null, status = 200): Promise<void> {
  const version = idOf(x, 'version')
  const spec = await versionOf(x, menu, version)
  const isLive = version === menu.version
  return page(
    x,
    'menus/version',
    {
      title: x.t('{menu} · version {version}', { menu: menu.key, version }),
      ...frameOf(menu, x),
      version,
      live: menu.version,
      isLive,
      hasDraft: menu.draft !== null,
      refused,
      mayMakeLive: !isLive && may(x, 'editor') && whyReadOnly(x, menu) === null,
      mayExport: may(x, 'editor'),
      changes: isLive ? [] : changesView(menu.published ?? nothingOf(spec), spec, x.t),
      breaks: isLive ? [] : await x.engine.wouldBreak(menu.key, spec),
      preview: previewOf(spec, x),
    },
    status,
  )
}

async function versionOf(x: Exchange, menu: StoredMenu, version: number): Promise<MenuSpec> {
  const spec = await menuVersionByKey(x.engine.db.read, menu.key, version)
  if (!spec) throw new WaError('WA_NOT_FOUND', `Menu "${menu.key}" has no version ${version}.`)
  return spec
}

async function makeLive(x: Exchange): Promise<void> {
  const menu = await writableMenuOf(x)
  const version = idOf(x, 'version')
  const form = await readForm(x.req)
  try {
    await x.engine.rollBack(menu.key, version, x.user, { force: form.force === 'yes' })
  } catch (error) {
    if (!(error instanceof WaError) || error.status >= 500 || error.status === 404) throw error
    const words =
      error.code === 'WA_MENU_IN_USE'
        ? x.t('Code listens to something that would go. Tick the box if it should go live all the same.')
        : x.t.said(error.message)
    return show(x, menu, words, error.status)
  }
  return seeOther(x, `/menus/${menu.key}/versions?did=live`)
}
