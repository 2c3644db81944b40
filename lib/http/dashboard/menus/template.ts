import type { MenuSpec } from '../../../model/menu'
import type { Say } from '../../words/say'
import { templateValues } from './draft'
import type { About, Field, MakeAbout, MakeField } from './fields'

/** The approved template that leaves, or can leave, in place of the words. */
export interface TemplateView {
  needed: boolean
  about: About
  name: Field
  language: Field
  values: readonly Field[]
  /** It has parts that only code understands. */
  fixed: boolean
  open: boolean
}

export function templateView(menu: MenuSpec, field: MakeField, about: MakeAbout, t: Say): TemplateView {
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
