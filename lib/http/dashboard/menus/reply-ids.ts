import type { MenuSpec, Row } from '../../../model/menu'
import { isBlank } from '../../../model/wording'

const LONGEST = 40

/** The menu with an id for every option that has a title and none yet: what the code will hear, made from the title. */
export function withReplyIds(menu: MenuSpec): MenuSpec {
  if (menu.type !== 'button' && menu.type !== 'list') return menu
  const taken = new Set<string>()
  const rows: Row[] = menu.type === 'button' ? menu.buttons : menu.sections.flatMap((section) => section.rows ?? [])
  for (const row of rows) if (row.id !== '') taken.add(row.id)
  const named = <R extends Row>(row: R, at: number): R => {
    if (row.id !== '' || isBlank(row.title)) return row
    const id = free(idFor(row.title) || `option_${at + 1}`, taken)
    taken.add(id)
    return { ...row, id }
  }
  if (menu.type === 'button') return { ...menu, buttons: menu.buttons.map(named) }
  return { ...menu, sections: menu.sections.map((section) => (section.rows ? { ...section, rows: section.rows.map(named) } : section)) }
}

/** `Track My Order` becomes `track_my_order`. Letters that are not Latin have no plain form: those titles give nothing. */
const idFor = (title: string): string =>
  title
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/\{\{[^{}]*\}\}/g, ' ')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, LONGEST)
    .replaceAll(/^_+|_+$/g, '')

function free(id: string, taken: ReadonlySet<string>): string {
  if (!taken.has(id)) return id
  for (let n = 2; ; n++) if (!taken.has(`${id}_${n}`)) return `${id}_${n}`
}
