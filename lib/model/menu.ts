/**
 * A menu as it is stored, exported and sent over the API: plain JSON, with `{{variables}}` still in it.
 * The words are the wire's: `button`, `list`, `cta_url`, `cta_phone`, `text`, `template`.
 */
export const MENU_TYPES = ['button', 'list', 'cta_url', 'cta_phone', 'text', 'template'] as const
export type MenuType = (typeof MENU_TYPES)[number]

export type Header =
  | { type: 'text'; text: string }
  | { type: 'image' | 'video'; link?: string; id?: string }
  | { type: 'document'; link?: string; id?: string; filename?: string }

/** What is known of a variable: a value to show in previews, and one to send when none is given. */
export interface Variable {
  sample?: string | number
  default?: string | number
}
export type Variables = Record<string, Variable>

export interface Option {
  id: string
  title: string
}
export interface Row extends Option {
  description?: string
}
/** Rows written out, or one row repeated for each item of an array variable (`each`), or both: then those from data come first. */
export interface Section {
  title?: string
  rows?: Row[]
  each?: string
  row?: Row
  /** Title of the one row shown when the array is empty (its id is `empty:<each>`); without it an array that leaves the section without rows is an error. */
  empty?: string
}
/** The approved template through which a menu leaves when no session message can carry it. */
export interface TemplateRef {
  name: string
  language: string
  components?: readonly unknown[]
}

interface Base {
  key: string
  variables?: Variables
  /** Words under which it is filed in the dashboard. They belong to the menu, not to a version. */
  tags?: string[]
  /** Who owns the words: staff by default; `code` makes the menu read-only in the dashboard. */
  owner?: 'code' | 'staff'
}
interface Framed extends Base {
  header?: Header
  body: string
  footer?: string
  template?: TemplateRef
}
export interface ButtonMenu extends Framed {
  type: 'button'
  buttons: Option[]
}
export interface ListMenu extends Framed {
  type: 'list'
  button: string
  sections: Section[]
}
export interface CtaUrlMenu extends Framed {
  type: 'cta_url'
  buttons: { title: string; url: string }[]
}
export interface CtaPhoneMenu extends Framed {
  type: 'cta_phone'
  buttons: { title: string; phone: string }[]
}
export interface TextMenu extends Base {
  type: 'text'
  body: string
  template?: TemplateRef
}
export interface TemplateMenu extends Base {
  type: 'template'
  template: TemplateRef
}
export type MenuSpec = ButtonMenu | ListMenu | CtaUrlMenu | CtaPhoneMenu | TextMenu | TemplateMenu

/** The ids a customer can tap, in order; rows from data as their pattern (`slot:{{id}}`). */
export function idsOf(menu: MenuSpec): string[] {
  if (menu.type === 'button') return menu.buttons.map((button) => button.id)
  if (menu.type === 'list') return menu.sections.flatMap((section) => [...(section.row ? [section.row] : []), ...(section.rows ?? [])]).map((row) => row.id)
  return []
}
