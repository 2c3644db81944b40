import type { Hearing } from '../../../engine'
import { idsOf, type MenuSpec } from '../../../model/menu'

/** Names of the listeners that would hear a tap on this option of this menu. */
export const heardBy = (hearings: readonly Hearing[], key: string, id: string): string[] =>
  hearings
    .filter((one) => (one.menu === null || one.menu === key) && (one.id === id || (one.id.endsWith(':') && id.startsWith(one.id))))
    .map((one) => one.listener)

/** Who listens to a menu: every listener once; how many of its options nobody hears. */
export function listeningTo(hearings: readonly Hearing[], menu: MenuSpec): { names: string[]; options: number; unheard: number } {
  const heard = idsOf(menu).map((id) => heardBy(hearings, menu.key, id))
  return { names: [...new Set(heard.flat())], options: heard.length, unheard: heard.filter((names) => names.length === 0).length }
}
