import { capital, shown } from './fault'
import { LIMITS } from './limits'
import type { ListMenu, Row, Section } from './menu'
import { VARIABLE_NAME } from './placeholder'
import { checkCount, checkTrimmed, checkTwins } from './rules-buttons'
import { isBlank, type Reading } from './wording'

export function checkList(menu: ListMenu, reading: Reading): void {
  const { words, report, rendered } = reading
  const { sections } = menu
  words('button', 'text of the button that opens the list', menu.button, LIMITS.listButton)
  checkCount('sections', 'section', sections.length, LIMITS.sections, report, 'Join some sections.')
  // Rows from data count as one here; how many there are is known when the menu is sent.
  const total = sections.reduce((sum, section) => sum + (section.rows?.length ?? 0) + (section.each === undefined ? 0 : 1), 0)
  if (total > LIMITS.rows) {
    const fix = `Remove ${total - LIMITS.rows}, or split the list in two.`
    report('sections', `The list has ${total} rows over all sections; WhatsApp shows at most ${LIMITS.rows}.`, { actual: total, limit: LIMITS.rows, fix })
  }
  const several = sections.length > 1
  const places = sections.flatMap((section, at) => rowsOf(section, `sections[${at}]`, several ? `section ${at + 1}, ` : ''))
  for (const [at, section] of sections.entries()) checkSection(section, `sections[${at}]`, several ? `section ${at + 1}` : '', reading)
  for (const place of places) checkRow(place, reading)
  checkTwins('id', places, (row) => row.id, report)
  // Two like rows out of data still arrive with their own ids; two like rows that somebody wrote are a slip.
  if (!rendered) checkTwins('title', places, (row) => `${row.title.trim()}\n${row.description?.trim() ?? ''}`, report)
}

type Place = Row & { path: string; name: string }

function rowsOf(section: Section, path: string, prefix: string): Place[] {
  const written = (section.rows ?? []).map((row, index): Place => ({ ...row, path: `${path}.rows[${index}]`, name: `${prefix}row ${index + 1}` }))
  return section.row ? [...written, { ...section.row, path: `${path}.row`, name: `${prefix}row from data` }] : written
}

function checkRow({ id, title, description, path, name }: Place, { words, report }: Reading): void {
  words(`${path}.title`, `${name} title`, title, LIMITS.rowTitle)
  words(`${path}.description`, `${name} description`, description, LIMITS.rowDescription, 'optional')
  words(`${path}.id`, `${name} id`, id, LIMITS.rowId)
  checkTrimmed(`${path}.id`, `${name} id`, id, report)
}

function checkSection(section: Section, path: string, name: string, reading: Reading): void {
  const { words, report, rendered } = reading
  const thing = name === '' ? 'section' : name
  words(`${path}.title`, `${thing} title`, section.title, LIMITS.sectionTitle, 'optional')
  if (name !== '' && isBlank(section.title)) {
    report(`${path}.title`, `${capital(thing)} has no title, and every section needs one as soon as there are two.`, {
      actual: 0,
      limit: LIMITS.sectionTitle,
      fix: 'Write a title.',
    })
  }
  if ((section.rows?.length ?? 0) === 0 && section.each === undefined) {
    report(`${path}.rows`, name === '' ? 'The list has no rows; WhatsApp wants at least 1.' : `${capital(name)} has no rows; WhatsApp wants at least 1.`, {
      actual: 0,
      limit: `1…${LIMITS.rows}`,
      fix: name === '' ? 'Add a row.' : 'Add a row, or remove the section.',
    })
  }
  if (!rendered) checkEach(section, path, reading)
}

function checkEach({ each, row, empty }: Section, path: string, { words, report }: Reading): void {
  if (each === undefined) {
    const fix = 'Name the array with "each", or write the row into "rows".'
    if (row !== undefined) report(`${path}.row`, 'There is a row for data without the name of an array ("each").', { fix })
    if (empty !== undefined) report(`${path}.empty`, 'There are words for no data without the name of an array ("each").', { fix })
    return
  }
  if (!VARIABLE_NAME.test(each)) {
    report(`${path}.each`, `${shown(each)} cannot be the name of a variable.`, {
      actual: shown(each),
      limit: '[a-z_][a-z0-9_]*',
      fix: 'Use small letters, digits and _.',
    })
  }
  if (!row) report(`${path}.row`, `The rows from ${shown(each)} have no pattern.`, { fix: 'Add row: { id: "slot:{{id}}", title: "{{time}}" }.' })
  else if (!row.id.includes('{{')) {
    report(`${path}.row.id`, `Every row from ${shown(each)} would have the id ${shown(row.id)}.`, {
      actual: shown(row.id),
      fix: 'Put a variable of the item into it, such as "slot:{{id}}".',
    })
  }
  words(`${path}.empty`, 'title of the row for no data', empty, LIMITS.rowTitle, 'optional')
}
