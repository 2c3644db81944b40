import { WaError } from '../../../errors'
import { TYPE_WORDS } from '../../../model/changes'
import { faultsOf } from '../../../model/check'
import { lint } from '../../../model/lint'
import { undeclaredIn } from '../../../model/undeclared'
import type { StoredMenu } from '../../../store/menus'
import { readForm } from '../../body'
import type { Exchange, Role, Route } from '../../exchange'
import { fieldOf } from '../asked'
import { page, seeOther } from '../page'
import { momentOf } from '../when'
import { changesView, nothingOf } from './changes-view'
import { menuOf, standingOf, writableMenuOf, writtenOf } from './one'
import { previewOf } from './preview'

export const routes: Route<Role>[] = [
  { method: 'GET', path: '/menus/:key/publish', may: 'editor', handle: async (x) => review(x, await writableMenuOf(x), null) },
  { method: 'POST', path: '/menus/:key/publish', may: 'editor', handle: publish },
]

/** What was and what will be, who would miss something, and the button. */
async function review(x: Exchange, menu: StoredMenu, refused: string | null, status = 200): Promise<void> {
  const spec = writtenOf(menu)
  const edited = momentOf(menu.updated_at, x)
  return page(
    x,
    'menus/publish',
    {
      title: x.t('Publish {menu}', { menu: menu.key }),
      tab: 'edit',
      styles: ['editor.css'],
      key: menu.key,
      typeWords: x.t(TYPE_WORDS[spec.type]),
      standing: standingOf(menu, x),
      refused,
      revision: menu.revision,
      version: menu.version,
      isDraft: menu.draft !== null,
      edited: { by: menu.updated_by ?? x.t('somebody'), words: edited.at },
      changes: changesView(menu.published ?? nothingOf(spec), spec, x.t),
      faults: [...faultsOf(spec), ...(menu.declared ? undeclaredIn(spec, menu.declared) : [])].map((fault) => x.t.said(fault.message)),
      warnings: lint(spec)
        .filter((finding) => finding.level === 'warning')
        .map((finding) => x.t.said(finding.message)),
      breaks: await x.engine.wouldBreak(menu.key, spec),
      before: menu.published ? previewOf(menu.published, x, '_before') : null,
      after: previewOf(spec, x, '_after'),
    },
    status,
  )
}

async function publish(x: Exchange): Promise<void> {
  const menu = await writableMenuOf(x)
  const form = await readForm(x.req)
  const expected = Number(fieldOf(form, 'revision')) || 0
  if (expected !== menu.revision)
    return review(
      x,
      menu,
      x.t('{name} changed this menu after you opened the page. Below is what would be published now.', { name: menu.updated_by ?? x.t('Somebody') }),
      412,
    )
  try {
    await x.engine.publish(menu.key, x.user, { expected, force: form.force === 'yes' })
  } catch (error) {
    if (!(error instanceof WaError) || error.status >= 500) throw error
    const words =
      error.code === 'WA_MENU_IN_USE'
        ? x.t('Code listens to something that would go. Tick the box if it should be published all the same.')
        : x.t.said(error.message)
    return review(x, await menuOf(x), words, error.status)
  }
  return seeOther(x, `/menus/${menu.key}?did=published`)
}
