import { WaError } from '../../../errors'
import { archiveMenu, discardDraft } from '../../../store/menus'
import { readForm } from '../../body'
import type { Exchange, Role, Route } from '../../exchange'
import { fieldOf } from '../asked'
import { page, seeOther } from '../page'
import { listeningTo } from './listeners'
import { menuOf, standingOf, writableMenuOf, writtenOf } from './one'
import { previewOf } from './preview'

export const routes: Route<Role>[] = [
  { method: 'GET', path: '/menus/:key/archive', may: 'editor', handle: confirm },
  { method: 'POST', path: '/menus/:key/archive', may: 'editor', handle: archive },
  { method: 'POST', path: '/menus/:key/restore', may: 'editor', handle: restore },
  { method: 'POST', path: '/menus/:key/discard', may: 'editor', handle: discard },
]

/** What archiving means for this menu, before it is done. */
async function confirm(x: Exchange): Promise<void> {
  const menu = await writableMenuOf(x)
  // What customers can tap today counts, not what is being written.
  const spec = menu.published ?? writtenOf(menu)
  return page(x, 'menus/archive', {
    title: x.t('Archive {menu}', { menu: menu.key }),
    styles: ['editor.css'],
    key: menu.key,
    standing: standingOf(menu, x),
    live: menu.version !== null,
    declared: menu.declared !== null,
    listening: listeningTo(x.engine.hearings(), spec).names,
    preview: previewOf(spec, x),
  })
}

async function archive(x: Exchange): Promise<void> {
  const menu = await writableMenuOf(x)
  await archiveMenu(x.engine.db, menu.key, true, x.user, x.engine.now())
  return seeOther(x, '/menus?did=archived')
}

async function restore(x: Exchange): Promise<void> {
  const menu = await menuOf(x)
  await archiveMenu(x.engine.db, menu.key, false, x.user, x.engine.now())
  return seeOther(x, `/menus/${menu.key}?did=restored`)
}

async function discard(x: Exchange): Promise<void> {
  const menu = await writableMenuOf(x)
  const form = await readForm(x.req)
  if (fieldOf(form, 'revision') !== String(menu.revision))
    throw new WaError('WA_MENU_STALE', `Menu "${menu.key}" was changed meanwhile. Open it again, and discard the draft if you still want to.`)
  await discardDraft(x.engine.db, menu.key, x.user, x.engine.now())
  return seeOther(x, `/menus/${menu.key}?did=discarded`)
}
