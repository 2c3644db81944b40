import type { Hearing } from '../../../engine'
import { LIMITS } from '../../../model/limits'
import type { MenuSpec, Row, Section, Variables } from '../../../model/menu'
import { variablesIn } from '../../../model/variables'
import { lengthsOf } from '../../../model/wording'
import { english, type Say } from '../../words/say'
import { templateValues } from './draft'
import { type Blocker, findingsOf, type Remark } from './findings'
import { heardBy } from './listeners'
import { elementId, fieldName } from './places'
import { withReplyIds } from './reply-ids'

/** What is said at one place; also where there is nothing to say, so that something can come. */
export interface About {
  element: string
  path: string
  remarks: readonly Remark[]
}
export interface Field {
  path: string
  id: string
  name: string
  label: string
  value: string
  /** Lines: 1 is an input, more a textarea. */
  lines: number
  limit: number | null
  /** Code points as WhatsApp will count them, variables with their samples. */
  count: number
  length: 'ok' | 'near' | 'over'
  hint: string | null
  placeholder: string
  type: 'text' | 'url' | 'tel'
  /** Identifies: set in a fixed-width face, no spelling. */
  code: boolean
  about: About
}
/** A button or row that a customer can tap, or a link. */
export interface OptionView {
  path: string
  element: string
  /** For labels of its tools. */
  name: string
  title: Field
  description: Field | null
  address: Field | null
  id: Field | null
  /** Names of the listeners of its id. */
  heard: readonly string[]
  /** The id that it will get from its title; null when it has one. */
  proposed: string | null
}
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
export interface VariableView {
  name: string
  path: string
  used: boolean
  /** Field of the items of this array. */
  of: string | null
  nameField: string
  sample: Field
  fallback: Field
  about: About
}

/** The form of a draft: every field with its words, its length and what is said about it. */
export interface EditorView {
  type: MenuSpec['type']
  whole: About
  header: { type: string; types: readonly { value: string; words: string }[]; text: Field; link: Field; id: Field; filename: Field; about: About } | null
  body: Field | null
  footer: Field | null
  listButton: Field | null
  buttons: { kind: 'reply' | 'url' | 'phone'; about: About; options: readonly OptionView[]; limit: number; mayAdd: boolean } | null
  list: { about: About; sections: readonly SectionView[]; rows: number; mayAddRow: boolean; mayAddSection: boolean; mayAddData: boolean } | null
  template: { needed: boolean; about: About; name: Field; language: Field; values: readonly Field[]; fixed: boolean; open: boolean } | null
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

  const option = (
    path: string,
    row: Row & { url?: string; phone?: string },
    final: Row | null,
    kind: 'row' | 'reply' | 'url' | 'phone',
    number: string,
  ): OptionView => {
    const isTap = kind === 'row' || kind === 'reply'
    const titleLimit =
      kind === 'row' ? LIMITS.rowTitle : kind === 'phone' ? LIMITS.templateButtonTitle : kind === 'reply' ? LIMITS.buttonTitle : urlLimit(given)
    const proposed = isTap && row.id === '' && final && final.id !== '' ? final.id : null
    if (proposed !== null)
      remarks.set(`${path}.id`, [{ level: 'note', message: t('It will be “{id}”.', { id: proposed }), fix: null }, ...(remarks.get(`${path}.id`) ?? [])])
    const id = isTap ? field(`${path}.id`, t('What the code hears'), row.id, { limit: kind === 'row' ? LIMITS.rowId : LIMITS.buttonId, code: true }) : null
    const heard = isTap && final ? heardBy(hearings, menu.key, final.id) : []
    return {
      path,
      element: elementId('option', path),
      name: row.title === '' ? number : `“${row.title}”`,
      title: field(`${path}.title`, kind === 'row' ? t('Title') : t('Label'), row.title, { limit: titleLimit }),
      description:
        kind === 'row'
          ? field(`${path}.description`, t('Description'), row.description, { limit: LIMITS.rowDescription, placeholder: t('In a few words, what happens') })
          : null,
      address:
        kind === 'url'
          ? field(`${path}.url`, t('Opens'), row.url, { limit: LIMITS.url, type: 'url', placeholder: 'https://shop.example/orders/{{order}}' })
          : kind === 'phone'
            ? field(`${path}.phone`, t('Calls'), row.phone, { limit: LIMITS.phone, type: 'tel', placeholder: '+911140000000' })
            : null,
      id,
      heard,
      proposed,
    }
  }

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
    variables: names.map(({ name, used, of }, at) => ({
      name,
      used,
      of,
      path: `variables.${name}`,
      nameField: `variables[${at}][name]`,
      sample: { ...field(`variables.${name}.sample`, t('Sample'), textOf(given.variables, name, 'sample'), {}), name: `variables[${at}][sample]` },
      fallback: { ...field(`variables.${name}.default`, t('Default'), textOf(given.variables, name, 'default'), {}), name: `variables[${at}][default]` },
      about: about(`variables.${name}`),
    })),
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

interface Look {
  limit?: number | null
  lines?: number
  hint?: string | null
  placeholder?: string
  type?: Field['type']
  code?: boolean
}
type MakeField = (path: string, label: string, value: string | undefined, look: Look) => Field
type MakeAbout = (path: string) => About
type MakeOption = (
  path: string,
  row: Row & { url?: string; phone?: string },
  final: Row | null,
  kind: 'row' | 'reply' | 'url' | 'phone',
  number: string,
) => OptionView

const fieldMaker =
  (variables: Variables, about: MakeAbout): MakeField =>
  (path, label, value = '', { limit = null, lines = 1, hint = null, placeholder = '', type = 'text', code = false }: Look) => {
    const { least, likely } = lengthsOf(value, variables)
    const count = Math.max(least, likely)
    const length = limit === null || count < limit * 0.9 ? 'ok' : count > limit ? 'over' : 'near'
    return {
      path,
      id: elementId('f', path),
      name: fieldName(path),
      label,
      value,
      lines,
      limit,
      count,
      length,
      hint,
      placeholder,
      type,
      code,
      about: about(path),
    }
  }

const HEADERS = [
  { value: 'none', words: english('None') },
  { value: 'text', words: english('Text') },
  { value: 'image', words: english('Photo') },
  { value: 'video', words: english('Video') },
  { value: 'document', words: english('Document') },
] as const

function framing(menu: MenuSpec, field: MakeField, about: MakeAbout, t: Say): Pick<EditorView, 'header' | 'body' | 'footer' | 'listButton'> {
  if (menu.type === 'template') return { header: null, body: null, footer: null, listButton: null }
  const body = field('body', t('Body'), menu.body, {
    limit: menu.type === 'text' ? LIMITS.text : LIMITS.body,
    lines: menu.type === 'text' ? 6 : 4,
    hint: t('*bold*, _italic_, ~struck~. {{name}} is filled in when it is sent.'),
  })
  if (menu.type === 'text') return { header: null, body, footer: null, listButton: null }
  const { header } = menu
  const file = header && header.type !== 'text' ? header : undefined
  const known = header?.type ?? 'none'
  return {
    header: {
      type: known,
      types: HEADERS.filter((one) => menu.type !== 'list' || one.value === 'none' || one.value === 'text' || one.value === known).map(({ value, words }) => ({
        value,
        words: t(words),
      })),
      text: field('header.text', t('Header text'), header?.type === 'text' ? header.text : '', { limit: LIMITS.headerText }),
      link: field('header.link', t('Address of the file'), file?.link, { limit: LIMITS.url, type: 'url', placeholder: 'https://shop.example/photo.jpg' }),
      id: field('header.id', t('Or the id of a file that the provider keeps'), file?.id, { limit: LIMITS.mediaId, code: true }),
      filename: field('header.filename', t('File name that customers see'), file?.type === 'document' ? file.filename : '', {
        limit: LIMITS.filename,
        placeholder: 'invoice.pdf',
      }),
      about: about('header'),
    },
    body,
    footer: field('footer', t('Footer'), menu.footer, { limit: LIMITS.footer, placeholder: t('Reply AGENT to talk to a human') }),
    listButton:
      menu.type === 'list'
        ? field('button', t('Button that opens the list'), menu.button, { limit: LIMITS.listButton, placeholder: t('Choose a topic') })
        : null,
  }
}

type Buttons = Extract<MenuSpec, { buttons: unknown }>

function buttonsView(given: Buttons, menu: Buttons, option: MakeOption, about: MakeAbout, t: Say): NonNullable<EditorView['buttons']> {
  const kind = given.type === 'button' ? 'reply' : given.type === 'cta_url' ? 'url' : 'phone'
  const limit =
    kind === 'reply' ? LIMITS.buttons : kind === 'url' ? (given.template ? LIMITS.templateUrlButtons : LIMITS.urlButtons) : LIMITS.templatePhoneButtons
  // One more than fits may be added where there is a way out: a list, a template.
  const most = kind === 'reply' ? LIMITS.rows : kind === 'url' ? LIMITS.templateUrlButtons : LIMITS.templatePhoneButtons
  return {
    kind,
    about: about('buttons'),
    options: given.buttons.map((button, at) =>
      option(
        `buttons[${at}]`,
        { id: '', ...button },
        kind === 'reply' ? ((menu.buttons[at] as Row | undefined) ?? null) : null,
        kind,
        t('button {n}', { n: at + 1 }),
      ),
    ),
    limit,
    mayAdd: given.buttons.length < most,
  }
}

function listView(
  given: Extract<MenuSpec, { type: 'list' }>,
  menu: Extract<MenuSpec, { type: 'list' }>,
  { t, option, field, about, passesLists }: { t: Say; option: MakeOption; field: MakeField; about: MakeAbout; passesLists: boolean },
): NonNullable<EditorView['list']> {
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

function templateView(menu: MenuSpec, field: MakeField, about: MakeAbout, t: Say): EditorView['template'] {
  const template = 'template' in menu ? menu.template : undefined
  const values = templateValues(template)
  const needed = menu.type === 'template' || menu.type === 'cta_phone' || (menu.type === 'cta_url' && menu.buttons.length > 1)
  const told = about('template')
  return {
    needed,
    about: told,
    name: field('template.name', t('Name'), template?.name, { code: true, placeholder: 'order_update' }),
    language: field('template.language', t('Language'), template?.language, { code: true, placeholder: 'en' }),
    values: (values ?? []).map((text, at) => field(`template.values[${at}]`, t('Value of {{{n}}}', { n: at + 1 }), text, {})),
    fixed: values === null,
    open: needed || template !== undefined || told.remarks.length > 0,
  }
}

const urlLimit = (menu: MenuSpec): number =>
  menu.type === 'cta_url' && menu.template && menu.buttons.length > 1 ? LIMITS.templateButtonTitle : LIMITS.urlButtonTitle

/** Variables in the order of the words, then those that are declared and not used. */
function namesOf(menu: MenuSpec): { name: string; used: boolean; of: string | null }[] {
  const { scalars, arrays } = variablesIn(menu)
  const items = Object.entries(arrays).flatMap(([of, fields]) => fields.filter((name) => !scalars.includes(name)).map((name) => ({ name, used: true, of })))
  const used = [
    ...scalars.map((name) => ({ name, used: true, of: null })),
    ...items.filter((one, at) => items.findIndex((other) => other.name === one.name) === at),
  ]
  const names = new Set(used.map((one) => one.name))
  return [
    ...used,
    ...Object.keys(menu.variables ?? {})
      .filter((name) => !names.has(name))
      .map((name) => ({ name, used: false, of: null })),
  ]
}

const textOf = (variables: Variables | undefined, name: string, what: 'sample' | 'default'): string =>
  variables && Object.hasOwn(variables, name) ? String(variables[name]?.[what] ?? '') : ''

/** Paths that have a field of their own. */
function fieldPaths(menu: MenuSpec): string[] {
  const template = ['template.name', 'template.language']
  if (menu.type === 'template') return template
  if (menu.type === 'text') return ['body', ...template]
  const framed = ['header.text', 'header.link', 'header.id', 'header.filename', 'body', 'footer', ...template]
  if (menu.type !== 'list') return [...framed, ...menu.buttons.flatMap((_, at) => ['title', 'id', 'url', 'phone'].map((name) => `buttons[${at}].${name}`))]
  const row = (path: string): string[] => [`${path}.title`, `${path}.description`, `${path}.id`]
  return [
    ...framed,
    'button',
    ...menu.sections.flatMap((section, at) => [
      `sections[${at}].title`,
      ...(section.rows ?? []).flatMap((_, index) => row(`sections[${at}].rows[${index}]`)),
      ...(section.each === undefined ? [] : [`sections[${at}].each`, `sections[${at}].empty`, ...row(`sections[${at}].row`)]),
    ]),
  ]
}
