import type { Hearing } from '../../../engine'
import { TYPE_WORDS } from '../../../model/changes'
import { plain } from '../../../model/format'
import type { MenuSpec } from '../../../model/menu'
import { countChangedMenus, type StoredMenu } from '../../../store/menus'
import { tagsInUse } from '../../../store/tags'
import type { Exchange, Role, Route } from '../../exchange'
import type { Say } from '../../words/say'
import { addressWith, afterOf, isPartial, may } from '../asked'
import { fragment, page } from '../page'
import { type Moment, momentOf } from '../when'
import { listeningTo } from './listeners'
import { standingOf, writtenOf } from './one'
import { searchMenus } from './search'
import { GLYPHS } from './types'

export const routes: Route<Role>[] = [{ method: 'GET', path: '/menus', may: 'viewer', handle: list }]

const PAGE = 50
const COUNTED = 100
const SHOWN = ['changed', 'archived'] as const

/** A line of the list. */
export interface MenuLine {
  key: string
  glyph: string
  typeWords: string
  standing: ReturnType<typeof standingOf>
  words: string
  /** Who hears its options; null when it has none to tap. */
  listening: { names: readonly string[]; unheard: number } | null
  fromCode: boolean
  by: string
  time: Moment
  archived: boolean
  tags: readonly { words: string; href: string }[]
}

async function list(x: Exchange): Promise<void> {
  const shown = SHOWN.find((one) => one === x.query.get('shown'))
  const q = (x.query.get('q') ?? '').trim().slice(0, 100)
  const read = x.engine.db.read
  const tag = x.query.get('tag')?.slice(0, 64) || undefined
  const found = await searchMenus(read, q, { limit: PAGE, after: afterOf(x), archived: shown === 'archived', changed: shown === 'changed', tag })
  const inUse = await tagsInUse(read, shown === 'archived')
  const changed = await countChangedMenus(read, COUNTED)
  const hearings = x.engine.hearings()
  const address = (changes: Record<string, string | null>): string => addressWith(x, changes, '/menus')
  const locals = {
    q,
    shown: shown ?? '',
    lines: found.items.map((menu) => ({
      ...lineOf(menu, hearings, x),
      tags: menu.tags.map((words) => ({ words, href: address({ tag: words, after: null }) })),
    })),
    tag: tag ?? null,
    // One that no menu has any more is shown too, so that it can be taken off.
    tags: [...new Set(tag === undefined ? inUse : [...inUse, tag])].map((words) => ({
      words,
      href: address({ tag: words === tag ? null : words, after: null }),
      on: words === tag,
    })),
    here: address({}),
    tabs: [
      { words: x.t('In use'), href: address({ shown: null, after: null }), on: shown === undefined, count: null },
      {
        words: x.t('Changed'),
        href: address({ shown: 'changed', after: null }),
        on: shown === 'changed',
        count: changed === 0 ? null : changed >= COUNTED ? `${COUNTED}+` : changed,
      },
      { words: x.t('Archived'), href: address({ shown: 'archived', after: null }), on: shown === 'archived', count: null },
    ],
    cleared: address({ q: null, tag: null, after: null }),
    isFirst: afterOf(x) === undefined,
    first: address({ after: null }),
    next: found.next === null ? null : address({ after: found.next }),
    mayWrite: may(x, 'editor'),
    done: doneWords(x),
  }
  if (isPartial(x)) return fragment(x, 'menus/_menus', locals)
  return page(x, 'menus/index', { title: x.t('Menus'), styles: ['editor.css'], ...locals })
}

/** What the page before this one did. */
function doneWords({ query, t }: Exchange): string | null {
  const did = query.get('did')
  if (did === 'archived') return t('Archived. It stands under Archived, and can be restored there.')
  return did === 'imported' ? t('Imported as drafts. Look them over, then publish them.') : null
}

function lineOf(menu: StoredMenu, hearings: readonly Hearing[], x: Exchange): Omit<MenuLine, 'tags'> {
  const spec = writtenOf(menu)
  const { names, options, unheard } = listeningTo(hearings, spec)
  return {
    key: menu.key,
    glyph: GLYPHS[spec.type],
    typeWords: x.t(TYPE_WORDS[spec.type]),
    standing: standingOf(menu, x),
    words: firstWords(spec, x.t),
    listening: options === 0 ? null : { names, unheard },
    fromCode: menu.owner === 'code',
    by: menu.updated_by ?? x.t('somebody'),
    time: momentOf(menu.updated_at, x),
    archived: menu.archived_at !== null,
  }
}

export function firstWords(spec: MenuSpec, t: Say): string {
  if (spec.type !== 'template') return plain(spec.body.slice(0, 300))
  return spec.template.name ? t('Template {name}', { name: spec.template.name }) : t('Template without a name yet')
}
