import { collectFaults, sentences } from '../../../model/fault'
import { LIMITS } from '../../../model/limits'
import { checkTags, tidyTags } from '../../../model/tags'
import type { StoredMenu } from '../../../store/menus'
import { changeTags } from '../../../store/tags'
import { readForm } from '../../body'
import type { Exchange, Role, Route } from '../../exchange'
import { fieldOf, isPartial, may } from '../asked'
import { fragment, page, seeOther } from '../page'
import { menuOf } from './one'

export const routes: Route<Role>[] = [{ method: 'POST', path: '/menus/:key/tags', may: 'editor', handle: file }]

/** The tags of a menu, and the form that changes them. */
export interface TagsView {
  key: string
  tags: readonly { words: string; href: string }[]
  mayTag: boolean
  typed: string
  /** The tags on which what is typed is based. */
  seen: string
  fault: string | null
  most: number
}

export function tagsView(x: Exchange, menu: StoredMenu, refused: { typed: string; fault: string } | null = null): TagsView {
  return {
    key: menu.key,
    tags: menu.tags.map((words) => ({ words, href: `/menus?${new URLSearchParams({ tag: words })}` })),
    mayTag: may(x, 'editor'),
    typed: refused?.typed ?? menu.tags.join(', '),
    seen: menu.tags.join(', '),
    fault: refused?.fault ?? null,
    most: LIMITS.tags,
  }
}

/** Filing is no change of words: it is done at once, also for menus that code owns, and makes no draft. */
async function file(x: Exchange): Promise<void> {
  const menu = await menuOf(x)
  const form = await readForm(x.req)
  const typed = fieldOf(form, 'tags').slice(0, 1000)
  const tags = tidyTags(typed.split(','))
  const { faults, report } = collectFaults()
  checkTags(tags, 'tags', report)
  const refused = (now: StoredMenu, fault: string, status: number): Promise<void> | void => {
    const tagged = tagsView(x, now, { typed, fault })
    if (isPartial(x)) return fragment(x, 'menus/_tags', { tagged }, status)
    return page(x, 'menus/tags', { title: menu.key, styles: ['editor.css'], key: menu.key, tagged }, status)
  }
  if (faults.length > 0) return refused(menu, x.t.said(sentences(faults)), 422)
  const seen = form.seen === undefined ? menu.tags : tidyTags(fieldOf(form, 'seen').split(','))
  const done = await x.engine.db.tx((trx) => changeTags(trx, menu, seen, tags, x.user, x.engine.now()))
  if (!done) return refused(await menuOf(x), x.t('Somebody else changed the tags meanwhile. Theirs stand above; saving puts yours in their place.'), 412)
  if (!isPartial(x)) return seeOther(x, `/menus/${menu.key}`)
  return fragment(x, 'menus/_tags', { tagged: tagsView(x, await menuOf(x)) })
}
