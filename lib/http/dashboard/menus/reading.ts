import { changesBetween, TYPE_WORDS } from '../../../model/changes'
import { idsOf } from '../../../model/menu'
import type { StoredMenu } from '../../../store/menus'
import type { Exchange } from '../../exchange'
import { may } from '../asked'
import { momentOf } from '../when'
import { nothingOf } from './changes-view'
import { heardBy } from './listeners'
import { standingOf, writtenOf } from './one'
import { previewOf } from './preview'
import { tagsView } from './tags'

/** A menu for those who only read it: the phone, its words one by one, and who listens. */
export function readingView(x: Exchange, menu: StoredMenu, why: string) {
  const spec = writtenOf(menu)
  const nothing = nothingOf(spec)
  return {
    tab: 'edit',
    styles: ['editor.css'],
    key: menu.key,
    tagged: tagsView(x, menu),
    why: x.t.said(why),
    typeWords: x.t(TYPE_WORDS[spec.type]),
    standing: standingOf(menu, x),
    isDraft: menu.draft !== null,
    edited: { by: menu.updated_by ?? x.t('somebody'), time: momentOf(menu.updated_at, x) },
    archived: menu.archived_at !== null,
    mayRestore: menu.archived_at !== null && menu.owner !== 'code' && may(x, 'editor'),
    mayExport: may(x, 'editor'),
    mayCopy: may(x, 'editor'),
    words: changesBetween(nothing, spec).map(({ what, to }) => ({ what: x.t.said(plainly(what)), words: to ?? '' })),
    ids: [...new Set(idsOf(spec))].map((id) => ({ id, heard: heardBy(x.engine.hearings(), menu.key, id) })),
    preview: previewOf(spec, x),
  }
}

/** Beside nothing everything is new. */
const plainly = (what: string): string => what.replace(/^New (\w)/, (_, letter: string) => letter.toUpperCase())
