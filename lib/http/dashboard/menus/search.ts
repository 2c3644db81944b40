import type { Query } from '../../../store/database'
import { listMenus, type StoredMenu } from '../../../store/menus'
import type { Page } from '../../../store/rows'

/** Menus that are read at once. */
const STRIDE = 200

/**
 * Menus that say all of the words looked for, in their key or anywhere in their words, and that `fits` takes. Read and compared here: a database would
 * find the names of JSON's fields too, and compares letters outside of ASCII differently on every engine. Menus are hundreds at most.
 */
export async function searchMenus(
  query: Query,
  q: string,
  request: Parameters<typeof listMenus>[1],
  fits?: (menu: StoredMenu) => boolean,
): Promise<Page<StoredMenu>> {
  if (q === '' && !fits) return listMenus(query, request)
  const wanted = q.toLowerCase().split(/\s+/)
  const items: StoredMenu[] = []
  let { after } = request
  do {
    const page = await listMenus(query, { ...request, limit: STRIDE, after })
    for (const menu of page.items) {
      if ((fits && !fits(menu)) || !wanted.every((word) => textOf(menu).includes(word))) continue
      if (items.length === request.limit) return { items, next: String(items.at(-1)?.id) }
      items.push(menu)
    }
    after = page.next ?? undefined
  } while (after !== undefined)
  return { items, next: null }
}

function textOf(menu: StoredMenu): string {
  const texts: string[] = [menu.key, ...menu.tags]
  const walk = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value)
    else if (Array.isArray(value)) for (const one of value) walk(one)
    else if (typeof value === 'object' && value !== null) for (const [name, one] of Object.entries(value)) if (name !== 'type' && name !== 'owner') walk(one)
  }
  walk(menu.draft)
  walk(menu.published)
  return texts.join('\n').toLowerCase()
}
