import { type Fault, WaError } from '../errors'
import { collectFaults, sentences } from './fault'
import type { MenuSpec } from './menu'
import { checkRules } from './rules'
import { readMenu } from './shape'

export { shapeFaultsOf } from './shape'

/** All that is wrong with unknown JSON as a menu that is to be published: structure, limits, addresses, variables. Never throws. */
export const faultsOf = (value: unknown): Fault[] => judge(value).faults

/** The menu as a clean copy, or WA_MENU_LIMIT with every fault. */
export function checkMenu(value: unknown): MenuSpec {
  const { menu, faults } = judge(value)
  if (menu === null || faults.length > 0) throw menuError(keyOf(value), faults)
  return menu
}

/** One error for all that is wrong with a menu; the message names the menu first. */
export const menuError = (key: string, faults: readonly Fault[]): WaError => new WaError('WA_MENU_LIMIT', `Menu "${key}": ${sentences(faults)}`, faults)

function judge(value: unknown): { menu: MenuSpec | null; faults: Fault[] } {
  const { menu, faults } = readMenu(value)
  if (menu === null) return { menu, faults }
  const { faults: broken, report } = collectFaults()
  checkRules(menu, report)
  // What could not be read stands as empty words in the copy: that it is empty is no second fault.
  const said = faults.map((fault) => fault.path)
  return {
    menu,
    faults: [
      ...faults,
      ...broken.filter(
        (fault) => !said.some((path) => path !== '' && (fault.path === path || fault.path.startsWith(`${path}.`) || fault.path.startsWith(`${path}[`))),
      ),
    ],
  }
}

function keyOf(value: unknown): string {
  const key = typeof value === 'object' && value !== null && Object.hasOwn(value, 'key') ? (value as { key: unknown }).key : undefined
  return typeof key === 'string' ? key.slice(0, 64) : '?'
}
