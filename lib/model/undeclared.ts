import type { Fault } from '../errors'
import { collectFaults, shown } from './fault'
import type { MenuSpec } from './menu'
import { variablesIn } from './variables'

/**
 * Variables that the words use and the code's declaration of the menu does not know: nobody gives them a value when the menu is sent, so each needs
 * a default. Rows from data have none: the code must pass the list.
 */
export function undeclaredIn(menu: MenuSpec, declared: MenuSpec): Fault[] {
  const { faults, report } = collectFaults()
  const known = variablesIn(declared)
  const names = new Set([...known.scalars, ...Object.keys(declared.variables ?? {})])
  const hasDefault = (name: string): boolean =>
    menu.variables !== undefined && Object.hasOwn(menu.variables, name) && menu.variables[name]?.default !== undefined
  const uses = variablesIn(menu)
  const missing = (name: string): void =>
    report(`variables.${name}`, `The code gives no value for {{${name}}}, and it has no default.`, {
      actual: name,
      limit: [...names].join(' | '),
      fix: 'Give it a default, or ask a developer to fill it in.',
    })
  for (const name of uses.scalars) if (!names.has(name) && !hasDefault(name)) missing(name)
  for (const [array, fields] of Object.entries(uses.arrays)) {
    const passed = Object.hasOwn(known.arrays, array) ? known.arrays[array] : undefined
    if (passed === undefined)
      report('sections', `The code passes no list ${shown(array)} to make rows from.`, {
        actual: array,
        limit: Object.keys(known.arrays).join(' | '),
        fix: 'Use a list that it passes, or ask a developer for this one.',
      })
    else for (const name of fields) if (!passed.includes(name) && !names.has(name) && !hasDefault(name)) missing(name)
  }
  return faults
}
