import type { Finding, Tell } from './finding'
import { roomFor } from './given'
import { LIMITS } from './limits'
import type { ListMenu, Row } from './menu'
import { isBlank } from './wording'

/** Words by which a way to a person, or out of the menu, is recognised. */
const WAY_OUT =
  /\b(agent|human|person|someone|somebody|colleague|team|staff|operator|advis[oe]r|expert|support|talk|speak|call|chat|other|else|another|more|help|back|none)\b|एजेंट|बात कर|अन्य|मदद/i
/** Words that tell a customer what to type. */
const TYPED = /\b(reply|type|write|send|answer)\b|लिख|भेज/i

export function lintList(menu: ListMenu, tell: Tell): void {
  const rows = menu.sections.flatMap((section, at) => (section.rows ?? []).map((row, index) => ({ row, path: `sections[${at}].rows[${index}]` })))
  const fromData = menu.sections.some((section) => section.each !== undefined)
  const about = (path: string, rule: Finding['rule'], message: string, level: Finding['level'] = 'tip', fix?: Finding['fix']): void =>
    tell({ path, level, rule, message, ...(fix ? { fix } : {}) })
  if (!fromData && rows.length > 0 && rows.length <= LIMITS.buttons && rows.every(({ row }) => !row.description && row.title.length <= LIMITS.buttonTitle)) {
    const { sections: _sections, button: _button, ...rest } = menu
    about('sections', 'buttons-for-few', `${rows.length} options are quicker to tap as buttons.`, 'tip', {
      label: 'Make it buttons',
      patch: { ...rest, type: 'button', buttons: rows.map(({ row }) => ({ id: row.id, title: row.title })), sections: null, button: null },
    })
  }
  for (const { row, path } of rows)
    if (!row.description && !isBlank(row.title) && !isWayOut(row))
      about(`${path}.description`, 'row-description', `Say in a few words what "${row.title}" does.`)
  if (menu.sections.length === 1 && rows.length > 5)
    about('sections', 'list-sections', `${rows.length} rows in one section are hard to read; put what belongs together under a title.`)
  similar(
    rows.map(({ row, path }) => ({ path: `${path}.title`, words: row.title })),
    tell,
  )
  similar(
    menu.sections.map((section, at) => ({ path: `sections[${at}].title`, words: section.title ?? '' })),
    tell,
  )
  lintWayOut(menu, rows, about)
  if (!TYPED.test(menu.body) && !TYPED.test(menu.footer ?? ''))
    about('footer', 'typed-answer', 'Some desktop clients cannot show a list. Say what a customer may type instead, such as "Reply AGENT to talk to a human".')
  for (const [at, section] of menu.sections.entries()) {
    if (section.each === undefined) continue
    about(`sections[${at}].each`, 'rows-from-data', `There is room for ${roomFor(menu, section.each)} rows from "${section.each}"; code must not pass more.`)
    if (section.empty === undefined && (section.rows ?? []).length === 0)
      about(`sections[${at}].empty`, 'rows-from-data', `When "${section.each}" is empty the menu cannot be sent. Give it words for that case.`, 'warning')
  }
}

/** What the fix adds. */
export const WAY_OUT_TITLE = 'Talk to a person'
const isWayOut = (row: Row): boolean => WAY_OUT.test(row.title) || WAY_OUT.test(row.id.replaceAll(/[_-]/g, ' '))

function lintWayOut(
  menu: ListMenu,
  rows: readonly { row: Row; path: string }[],
  about: (path: string, rule: Finding['rule'], message: string, level?: Finding['level'], fix?: Finding['fix']) => void,
): void {
  const out = rows.findIndex(({ row }) => isWayOut(row))
  if (out >= 0) {
    const place = rows[out]
    if (rows.findLastIndex(({ row }) => isWayOut(row)) !== rows.length - 1 && place)
      about(place.path, 'way-out-last', `"${place.row.title}" is easier to find as the last row.`)
    return
  }
  if (WAY_OUT.test(menu.footer ?? '') && TYPED.test(menu.footer ?? '')) return
  const message = 'A customer whose topic is missing is stuck. Add a row such as "Talk to a person", or say so in the footer.'
  const room = rows.length + menu.sections.filter((section) => section.each !== undefined).length < LIMITS.rows
  const last = menu.sections.length - 1
  const sections = menu.sections.map((section, at) =>
    at === last ? { ...section, rows: [...(section.rows ?? []), { id: 'agent', title: WAY_OUT_TITLE }] } : section,
  )
  about('sections', 'way-out', message, 'warning', room && last >= 0 ? { label: 'Add "Talk to a person"', patch: { sections } } : undefined)
}

/** Titles that only case, signs or spaces tell apart. Equal ones among buttons are a fault already, said elsewhere. */
export function similar(titles: readonly { path: string; words: string }[], tell: Tell): void {
  const seen = new Map<string, string>()
  for (const { path, words } of titles) {
    const plain = words.toLowerCase().replaceAll(/[^\p{L}\p{M}\p{N}]/gu, '')
    if (plain === '') continue
    const first = seen.get(plain)
    if (first !== undefined)
      tell({ path, level: 'warning', rule: 'similar-titles', message: `"${words}" and "${first}" look alike; a customer who types it could mean either.` })
    else seen.set(plain, words)
  }
}
