import { WaError } from '../../../errors'
import { menuFromWire } from '../../../model/import'
import { MENU_TYPES, type MenuSpec } from '../../../model/menu'
import { readMenu } from '../../../model/shape'
import { saveDraft } from '../../../store/menus'
import { readForm } from '../../body'
import type { Exchange, Role, Route } from '../../exchange'
import { fieldOf } from '../asked'
import { leadTo, page } from '../page'
import { keyFrom, whyNoKey } from './create'

export const routes: Route<Role>[] = [
  { method: 'GET', path: '/menus/_import', may: 'editor', handle: (x) => offer(x, { name: '', text: '', fault: null, about: 'text' }) },
  { method: 'POST', path: '/menus/_import', may: 'editor', handle: bringIn },
]

interface Asked {
  name: string
  text: string
  fault: string | null
  /** Which field the fault is about. */
  about: 'name' | 'text'
}

/** More than any export of ours is likely to hold, in less than the body that a form may have. */
const MOST = 1000
/** Key of what is only judged. */
const UNNAMED = 'unnamed'

async function offer(x: Exchange, asked: Asked, status = 200): Promise<void> {
  return page(x, 'menus/import', { title: x.t('Import'), styles: ['editor.css'], asked }, status)
}

/** A provider's request, a curl command around it, or our own export: one menu or several. */
async function bringIn(x: Exchange): Promise<void> {
  const form = await readForm(x.req)
  const asked = { name: fieldOf(form, 'name'), text: fieldOf(form, 'text') }
  const refused = (fault: string, about: Asked['about'] = 'text'): Promise<void> => offer(x, { ...asked, fault, about }, 422)
  if (asked.text.trim() === '') return refused(x.t('Paste something first.'))
  const name = asked.name.trim() === '' ? null : keyFrom(asked.name)
  const isMisnamed = name === null && asked.name.trim() !== ''
  try {
    const menus = menusIn(asked.text, isMisnamed ? UNNAMED : name)
    if (isMisnamed) return refused(whyNoKey(asked.name, x.t), 'name')
    if (menus.length === 0) return refused(x.t('There is no menu in it.'))
    const taken: string[] = []
    for (const menu of menus) {
      const did = await saveDraft(x.engine.db, menu, x.user, 'new', x.engine.now()).catch((error: unknown) => {
        if (!(error instanceof WaError) || error.code !== 'WA_STATE') throw error
        return null
      })
      if (did === null) taken.push(menu.key)
    }
    if (taken.length === menus.length)
      return refused(
        menus.length === 1
          ? x.t('There is a menu “{menu}” already. Give this one another name.', { menu: taken[0] ?? '' })
          : x.t('All of these menus are here already; nothing was changed.'),
        menus.length === 1 ? 'name' : 'text',
      )
    return leadTo(x, menus.length === 1 ? `/menus/${menus[0]?.key}?did=imported` : '/menus?shown=changed&did=imported')
  } catch (error) {
    if (!(error instanceof WaError) || error.status >= 500) throw error
    const words = error.message.includes('it is no JSON')
      ? x.t('This cannot be read: a piece is missing, or something else came along. Copy it once more, from the first { to the last }.')
      : x.t.said(error.message)
    return refused(words, error.faults.some((fault) => fault.path === 'key') ? 'name' : 'text')
  }
}

/** Throws WA_REQUEST_INVALID for what is no menu. */
function menusIn(text: string, name: string | null): MenuSpec[] {
  // The shell's way to put an apostrophe into an argument.
  const plain = text.replaceAll(String.raw`'\''`, "'")
  const parsed = parse(plain)
  const several = Array.isArray(parsed) ? parsed : [parsed]
  if (several.length > 0 && several.every(isOurs)) {
    if (several.length > MOST) throw invalid(`these are ${several.length} menus; at most ${MOST} are taken at once`)
    return several.map((one) => ours(one, several.length === 1 ? name : null))
  }
  // What is no menu is told at once: its name is asked for when there is something to name.
  const menu = menuFromWire(parsed ?? plain, name ?? UNNAMED)
  if (name === null) throw new WaError('WA_REQUEST_INVALID', 'What is pasted has no name of its own. Give the menu one.', [{ path: 'key', message: 'missing' }])
  return [menu]
}

const isOurs = (value: unknown): value is { key: string; type: string } =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as { key?: unknown }).key === 'string' &&
  (MENU_TYPES as readonly unknown[]).includes((value as { type?: unknown }).type)

function ours(value: { key: string }, name: string | null): MenuSpec {
  const { menu, faults } = readMenu(name === null ? value : { ...value, key: name })
  if (menu === null || faults.length > 0)
    throw invalid(
      faults
        .map((fault) => fault.message)
        .slice(0, 5)
        .join(' '),
    )
  // Whose words they are is decided where they live.
  const { owner: _owner, ...rest } = menu
  return rest as MenuSpec
}

const invalid = (why: string): WaError => new WaError('WA_REQUEST_INVALID', `This cannot become a menu: ${why}`)

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
