import { TYPE_WORDS } from '../../../model/changes'
import type { MenuSpec } from '../../../model/menu'
import { type AuditRow, listAudit } from '../../../store/audit'
import type { Exchange, Role, Route } from '../../exchange'
import { english, type Say } from '../../words/say'
import { addressWith, afterOf } from '../asked'
import { page } from '../page'
import { momentOf } from '../when'
import { type ChangeView, changesView, changeView } from './changes-view'
import { menuOf, standingOf, writtenOf } from './one'

export const routes: Route<Role>[] = [{ method: 'GET', path: '/menus/:key/history', may: 'viewer', handle: list }]

const PAGE = 30
/** What somebody did, behind their name. */
const DEEDS: Record<string, string> = {
  'menu.created': english('made the menu'),
  'menu.declared': english('declared it in the program'),
  'menu.draft': english('saved a draft'),
  'menu.published': english('published'),
  'menu.rolled_back': english('made an older version live again'),
  'menu.draft_discarded': english('discarded the draft'),
  'menu.archived': english('archived it'),
  'menu.restored': english('restored it'),
  'menu.tagged': english('changed its tags'),
}

/** Everything that was done to a menu, by whom, and what it changed. */
async function list(x: Exchange): Promise<void> {
  const menu = await menuOf(x)
  const found = await listAudit(x.engine.db.read, { subject: `menu:${menu.key}` }, { limit: PAGE, after: afterOf(x) })
  return page(x, 'menus/history', {
    title: x.t('History of {menu}', { menu: menu.key }),
    tab: 'history',
    styles: ['editor.css'],
    key: menu.key,
    typeWords: x.t(TYPE_WORDS[writtenOf(menu).type]),
    standing: standingOf(menu, x),
    lines: found.items.map((row) => ({
      by: row.user_name === 'code' ? x.t('The code') : row.user_name,
      deed: x.t(DEEDS[row.action] ?? row.action),
      time: momentOf(row.at, x),
      changes: changesIn(row, x.t),
    })),
    isFirst: afterOf(x) === undefined,
    first: addressWith(x, { after: null }),
    next: found.next === null ? null : addressWith(x, { after: found.next }),
  })
}

function changesIn({ before, after }: AuditRow, t: Say): ChangeView[] {
  if (isMenu(before) && isMenu(after)) return changesView(before, after, t)
  // Tags are lists of words.
  if (!Array.isArray(before) || !Array.isArray(after)) return []
  return [changeView({ what: t('Tags'), from: before.join(', ') || null, to: after.join(', ') || null })]
}
const isMenu = (value: unknown): value is MenuSpec => typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string'
