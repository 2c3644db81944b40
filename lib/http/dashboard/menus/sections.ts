import { LIMITS } from '../../../model/limits'
import type { MenuSpec, Section } from '../../../model/menu'
import type { Say } from '../../words/say'
import type { About, Field, MakeAbout, MakeField } from './fields'
import type { MakeOption, OptionView } from './options'
import { elementId } from './places'

export interface SectionView {
  path: string
  element: string
  name: string
  title: Field
  about: About
  rowsAbout: About
  rows: readonly OptionView[]
  data: { each: Field; row: OptionView; empty: Field } | null
}
export interface ListView {
  about: About
  sections: readonly SectionView[]
  rows: number
  mayAddRow: boolean
  mayAddSection: boolean
  mayAddData: boolean
}

export function listView(
  given: Extract<MenuSpec, { type: 'list' }>,
  menu: Extract<MenuSpec, { type: 'list' }>,
  { t, option, field, about, passesLists }: { t: Say; option: MakeOption; field: MakeField; about: MakeAbout; passesLists: boolean },
): ListView {
  const rows = given.sections.reduce((sum, section) => sum + (section.rows?.length ?? 0) + (section.each === undefined ? 0 : 1), 0)
  return {
    about: about('sections'),
    rows,
    mayAddRow: rows < LIMITS.rows,
    mayAddData: passesLists,
    mayAddSection: given.sections.length < LIMITS.sections,
    sections: given.sections.map((section, at) => {
      const path = `sections[${at}]`
      const final = menu.sections[at]
      return {
        path,
        element: elementId('option', path),
        name: section.title ? t('section “{title}”', { title: section.title }) : t('section {n}', { n: at + 1 }),
        title: field(`${path}.title`, given.sections.length > 1 ? t('Title of section {n}', { n: at + 1 }) : t('Title above the rows'), section.title, {
          limit: LIMITS.sectionTitle,
          placeholder: given.sections.length > 1 ? '' : t('Optional while there is one section'),
        }),
        about: about(path),
        rowsAbout: about(`${path}.rows`),
        rows: (section.rows ?? []).map((row, index) =>
          option(`${path}.rows[${index}]`, row, final?.rows?.[index] ?? null, 'row', t('row {n}', { n: index + 1 })),
        ),
        data: dataView(section, path, option, field, t),
      }
    }),
  }
}

function dataView(section: Section, path: string, option: MakeOption, field: MakeField, t: Say): SectionView['data'] {
  if (section.each === undefined) return null
  const row = section.row ?? { id: '', title: '' }
  return {
    each: field(`${path}.each`, t('Name of the data'), section.each, {
      hint: t('The code passes a list under this name; every item becomes a row.'),
      code: true,
    }),
    row: option(`${path}.row`, row, row, 'row', t('rows from data')),
    empty: field(`${path}.empty`, t('Row when there is no data'), section.empty, { limit: LIMITS.rowTitle, placeholder: t('Nothing free today') }),
  }
}
