import type { Hearing } from '../../../engine'
import type { MenuSpec } from '../../../model/menu'
import { variablesIn } from '../../../model/variables'
import type { Say } from '../../words/say'
import { type About, fieldMaker, type MakeAbout } from './fields'
import { type Blocker, findingsOf } from './findings'
import { type Framing, framing } from './framing'
import { heardBy } from './listeners'
import { type ButtonsView, buttonsView, type OptionView, optionMaker } from './options'
import { elementId, fieldPaths } from './places'
import { withReplyIds } from './reply-ids'
import { type ListView, listView } from './sections'
import { type TemplateView, templateView } from './template'
import { namesOf, type VariableView, variablesView } from './values'

/** The form of a draft: every field with its words, its length and what is said about it. */
export interface EditorView extends Framing {
  type: MenuSpec['type']
  whole: About
  buttons: ButtonsView | null
  list: ListView | null
  template: TemplateView | null
  variables: readonly VariableView[]
  arrays: readonly string[]
  blockers: readonly (Blocker & { href: string })[]
}

/** Places that say what is said of things inside them which have no field of their own. */
const HOLDERS = ['', 'header', 'buttons', 'sections', 'template']

export function editorView(given: MenuSpec, declared: MenuSpec | null, hearings: readonly Hearing[], t: Say): EditorView {
  const menu = withReplyIds(given)
  const arrays = variablesIn(menu).arrays
  const names = namesOf(menu)
  const places = new Set([
    ...HOLDERS,
    ...fieldPaths(given),
    ...names.map(({ name }) => `variables.${name}`),
    ...(given.type === 'list' ? given.sections.flatMap((_, at) => [`sections[${at}]`, `sections[${at}].rows`]) : []),
  ])
  const { remarks, blockers } = findingsOf(menu, declared, places)
  const about = (path: string): About => ({ element: elementId('about', path === '' ? 'menu' : path), path, remarks: remarks.get(path) ?? [] })
  const field = fieldMaker(menu.variables ?? {}, about)

  const option = optionMaker({
    given,
    t,
    field,
    hears: (id) => heardBy(hearings, menu.key, id),
    note: (path, message) => remarks.set(path, [{ level: 'note', message, fix: null }, ...(remarks.get(path) ?? [])]),
  })

  return {
    type: given.type,
    whole: about(''),
    ...framing(given, field, about, t),
    buttons: 'buttons' in given && 'buttons' in menu ? buttonsView(given, menu, option, about, t) : null,
    list:
      given.type === 'list' && menu.type === 'list'
        ? listView(given, menu, { t, option, field, about, passesLists: declared === null || Object.keys(variablesIn(declared).arrays).length > 0 })
        : null,
    template: templateView(given, field, about, t),
    variables: variablesView(given, names, field, about, t),
    arrays: Object.keys(arrays),
    blockers: blockers.map((one) => ({ ...one, href: `#${anchorOf(one.path, given, about)}` })),
  }
}

/** The element that is to be looked at when something is wrong at a place: its field, or what stands around it. */
const anchorOf = (path: string, menu: MenuSpec, about: MakeAbout): string =>
  path.startsWith('variables.') ? elementId('f', `${path}.default`) : fieldPaths(menu).includes(path) ? elementId('f', path) : about(path).element

/** Every place of the form where something may be said. */
export function aboutsOf(view: EditorView): About[] {
  const options = (list: readonly OptionView[]): About[] =>
    list.flatMap((one) => [one.title, one.description, one.address, one.id].flatMap((field) => field?.about ?? []))
  const fields = [
    view.body,
    view.footer,
    view.listButton,
    view.header?.text,
    view.header?.link,
    view.header?.id,
    view.header?.filename,
    view.template?.name,
    view.template?.language,
  ]
  return [
    view.whole,
    ...[view.header?.about, view.buttons?.about, view.list?.about, view.template?.about].filter((one) => one !== undefined),
    ...fields.flatMap((field) => field?.about ?? []),
    ...options(view.buttons?.options ?? []),
    ...(view.list?.sections ?? []).flatMap((section) => [
      section.about,
      section.rowsAbout,
      section.title.about,
      ...options(section.rows),
      ...(section.data ? [section.data.each.about, section.data.empty.about, ...options([section.data.row])] : []),
    ]),
  ]
}
