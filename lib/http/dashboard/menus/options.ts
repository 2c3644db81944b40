import { LIMITS } from '../../../model/limits'
import type { MenuSpec, Row } from '../../../model/menu'
import type { Say } from '../../words/say'
import type { About, Field, MakeAbout, MakeField } from './fields'
import { elementId } from './places'

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
export interface ButtonsView {
  kind: 'reply' | 'url' | 'phone'
  about: About
  options: readonly OptionView[]
  limit: number
  mayAdd: boolean
}

export type MakeOption = (
  path: string,
  row: Row & { url?: string; phone?: string },
  final: Row | null,
  kind: 'row' | 'reply' | 'url' | 'phone',
  number: string,
) => OptionView

/** What options are made of. */
interface Making {
  given: MenuSpec
  t: Say
  field: MakeField
  /** Names of the listeners of an id. */
  hears(id: string): readonly string[]
  /** Says something at a place, before what is said there. */
  note(path: string, message: string): void
}

/** `final`: the same option with the id that it gets from its title. `number`: what it is called while it has no title. */
export const optionMaker =
  ({ given, t, field, hears, note }: Making): MakeOption =>
  (path, row, final, kind, number) => {
    const isTap = kind === 'row' || kind === 'reply'
    const titleLimit =
      kind === 'row' ? LIMITS.rowTitle : kind === 'phone' ? LIMITS.templateButtonTitle : kind === 'reply' ? LIMITS.buttonTitle : urlLimit(given)
    const proposed = isTap && row.id === '' && final && final.id !== '' ? final.id : null
    if (proposed !== null) note(`${path}.id`, t('It will be “{id}”.', { id: proposed }))
    const id = isTap ? field(`${path}.id`, t('What the code hears'), row.id, { limit: kind === 'row' ? LIMITS.rowId : LIMITS.buttonId, code: true }) : null
    const heard = isTap && final ? hears(final.id) : []
    return {
      path,
      element: elementId('option', path),
      name: row.title === '' ? number : `“${row.title}”`,
      title: field(`${path}.title`, t('Title'), row.title, { limit: titleLimit }),
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

const urlLimit = (menu: MenuSpec): number =>
  menu.type === 'cta_url' && menu.template && menu.buttons.length > 1 ? LIMITS.templateButtonTitle : LIMITS.urlButtonTitle

type Buttons = Extract<MenuSpec, { buttons: unknown }>

export function buttonsView(given: Buttons, menu: Buttons, option: MakeOption, about: MakeAbout, t: Say): ButtonsView {
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
