import { WaError } from '../../../errors'
import { TYPE_WORDS } from '../../../model/changes'
import { codePoints, LIMITS } from '../../../model/limits'
import { MENU_TYPES, type MenuSpec } from '../../../model/menu'
import { KEY } from '../../../model/shape'
import { menuByKey, saveDraft } from '../../../store/menus'
import { readForm } from '../../body'
import type { Exchange, Role, Route } from '../../exchange'
import { fieldOf } from '../asked'
import { leadTo, page } from '../page'
import { writtenOf } from './one'
import { previewOf } from './preview'
import { blank, exampleFor, TYPES } from './types'

// A key never begins with `_`, so these addresses are no menu's.
export const routes: Route<Role>[] = [
  { method: 'GET', path: '/menus/_new', may: 'editor', handle: (x) => offer(x, { name: '', type: 'button', fault: null }) },
  { method: 'POST', path: '/menus/_new', may: 'editor', handle: create },
]

interface Asked {
  name: string
  type: string
  fault: string | null
}

/** `?from=help-center` copies that menu under another name. */
async function offer(x: Exchange, asked: Asked, status = 200): Promise<void> {
  const from = await originalOf(x)
  return page(
    x,
    'menus/new',
    {
      title: from ? x.t('Duplicate {menu}', { menu: from.key }) : x.t('New menu'),
      styles: ['editor.css'],
      from: from?.key ?? null,
      asked: { ...asked, name: asked.name || (from ? await freeKey(x, `${from.key.slice(0, LIMITS.key - 8)}-copy`) : '') },
      preview: from ? previewOf(from, x) : null,
      types: TYPES.map(({ type, line, example }) => ({
        type,
        line: x.t(line),
        words: x.t(TYPE_WORDS[type]),
        picture: previewOf(exampleFor(example, x.t), x, `picture-${type}`),
      })),
    },
    status,
  )
}

async function create(x: Exchange): Promise<void> {
  const form = await readForm(x.req)
  const name = fieldOf(form, 'name')
  const type = MENU_TYPES.find((one) => one === form.type) ?? 'button'
  const from = await originalOf(x)
  const key = keyFrom(name)
  const refused = (fault: string): Promise<void> => offer(x, { name, type, fault }, 422)
  if (key === null) return refused(whyNoKey(name, x.t))
  const { owner: _owner, ...copied } = from ?? blank(key, type)
  try {
    await saveDraft(x.engine.db, { ...copied, key } as MenuSpec, x.user, 'new', x.engine.now())
  } catch (error) {
    if (error instanceof WaError && error.code === 'WA_STATE') return refused(x.t('There is a menu “{menu}” already. Choose another name.', { menu: key }))
    throw error
  }
  return leadTo(x, `/menus/${key}?did=made`)
}

/** A copy is filed where its original is. */
async function originalOf(x: Exchange): Promise<MenuSpec | null> {
  const key = x.query.get('from')
  if (!key) return null
  const menu = await menuByKey(x.engine.db.read, key)
  if (!menu) throw new WaError('WA_MENU_UNKNOWN', `There is no menu "${key.slice(0, 64)}".`)
  return { ...writtenOf(menu), tags: menu.tags }
}

/** `Help Center` is called `help-center`; null when nothing is left of it, or too much, or letters would be missing (`whyNoKey`). */
export function keyFrom(name: string): string | null {
  const plain = plainOf(name)
  const key = plain.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '')
  return KEY.test(key) && !OTHER_LETTERS.test(plain) ? key : null
}

/** Why `keyFrom` has no key for a name, and what to do. */
export function whyNoKey(name: string, t: Exchange['t']): string {
  const plain = plainOf(name)
  const isLong = /[a-z0-9]/.test(plain) && !OTHER_LETTERS.test(plain)
  if (isLong) return t('The name is {n} characters; at most {limit}.', { n: codePoints(name.trim()), limit: LIMITS.key })
  return t('Give it a name of Latin letters and digits, such as “Help center”: the code calls it by that.')
}

/** A name that stays for ever loses no letter unseen: of `मेनू 1` only the `1` would be left. */
const OTHER_LETTERS = /(?![a-z])\p{L}/u
const plainOf = (name: string): string => name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()

async function freeKey(x: Exchange, key: string): Promise<string> {
  for (let n = 1; n < 100; n++) {
    const candidate = n === 1 ? key : `${key}-${n}`
    if (!(await menuByKey(x.engine.db.read, candidate))) return candidate
  }
  return ''
}
