import type { MenuSpec, Variables } from '../../../model/menu'
import { variablesIn } from '../../../model/variables'
import type { Say } from '../../words/say'
import type { About, Field, MakeAbout, MakeField } from './fields'

/** A value that is filled in when the menu is sent. */
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

/** `given` is the draft as it is written; `names` those of `namesOf`. */
export const variablesView = (given: MenuSpec, names: readonly Named[], field: MakeField, about: MakeAbout, t: Say): VariableView[] =>
  names.map(({ name, used, of }, at) => ({
    name,
    used,
    of,
    path: `variables.${name}`,
    nameField: `variables[${at}][name]`,
    sample: { ...field(`variables.${name}.sample`, t('Sample'), textOf(given.variables, name, 'sample'), {}), name: `variables[${at}][sample]` },
    fallback: { ...field(`variables.${name}.default`, t('Default'), textOf(given.variables, name, 'default'), {}), name: `variables[${at}][default]` },
    about: about(`variables.${name}`),
  }))

/** A variable, whether the words use it, and the array whose items have it. */
interface Named {
  name: string
  used: boolean
  of: string | null
}

/** Variables in the order of the words, then those that are declared and not used. */
export function namesOf(menu: MenuSpec): Named[] {
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
