import type { Fault } from '../../../errors'
import { faultsOf } from '../../../model/check'
import { lint } from '../../../model/lint'
import type { MenuSpec } from '../../../model/menu'
import { undeclaredIn } from '../../../model/undeclared'
import { holderOf } from './places'

/** What is said beside a field. `todo`: something needed is still empty; with `fault` it keeps the menu from going live. */
export interface Remark {
  level: 'fault' | 'todo' | 'warning' | 'tip' | 'note'
  message: string
  /** A button of the editor that puts it right: the value of its `do`. */
  fix: { label: string; does: string } | null
}
export interface Blocker {
  path: string
  message: string
}

/**
 * Everything that is to be said about a draft, by the place where it is said; what keeps it from going live, in order.
 * `declared`: what the code declares, null for menus of staff.
 */
export function findingsOf(menu: MenuSpec, declared: MenuSpec | null, places: ReadonlySet<string>): { remarks: Map<string, Remark[]>; blockers: Blocker[] } {
  const remarks = new Map<string, Remark[]>()
  const blockers: Blocker[] = []
  const tell = (path: string, remark: Remark): string => {
    const place = placeFor(path, places)
    remarks.set(place, [...(remarks.get(place) ?? []), remark])
    return place
  }
  const faults = [...faultsOf(menu), ...(declared ? undeclaredIn(menu, declared) : [])].filter((fault) => !isIdToCome(fault))
  const advice = lint(menu)
  const said = new Set(faults.map((fault) => fault.path))
  for (const fault of faults) {
    const fix = advice.find((one) => one.path === fault.path && one.fix && SAME.has(one.rule))
    const isEmpty = fault.actual === 0 || fault.actual === '""'
    const place = tell(fault.path, {
      level: isEmpty ? 'todo' : 'fault',
      message: plainly(fault),
      fix: fix?.fix ? { label: fix.fix.label, does: `fix:${fix.rule}:${fix.path}` } : ownFix(fault, menu),
    })
    blockers.push({ path: place, message: plainly(fault) })
  }
  for (const { path, level, rule, message, fix } of advice) {
    if (SAME.has(rule) && said.has(path)) continue
    tell(path, { level, message, fix: fix ? { label: fix.label, does: `fix:${rule}:${path}` } : null })
  }
  return { remarks, blockers }
}

/** Advice that says what a fault at the same place says already. */
const SAME: ReadonlySet<string> = new Set(['list-for-many', 'sent-as-template', 'similar-titles'])

/** An option without a title has no id yet: it gets one from its title. */
const isIdToCome = (fault: Fault): boolean => fault.actual === 0 && /^(buttons\[\d+\]|sections\[\d+\]\.rows\[\d+\])\.id$/.test(fault.path)

/** Up to the place that can show it; the whole menu when there is none. */
function placeFor(path: string, places: ReadonlySet<string>): string {
  for (let at: string | null = path; at !== null; at = holderOf(at)) if (places.has(at)) return at
  return ''
}

/** Ways out that speak of JSON, and what is only not written yet, in the words of the editor. */
function plainly({ message, fix, path, actual }: Fault): string {
  const said = fix && message.endsWith(` ${fix}`) ? message.slice(0, -fix.length - 1) : message
  if (path === 'template') return `${said} Write its name and language below, or put the number into the words of a text.`
  if (/\.row\.id$/.test(path) && fix?.includes('{{')) return `${said} Put a variable of the item into it, such as slot:{{id}}.`
  if (actual === '""' && path === 'template.name') return 'Write the name under which the template was approved.'
  if (actual === '""' && path === 'template.language') return 'Write the language under which it was approved, such as en or en_US.'
  return message
}

function ownFix({ path }: Fault, menu: MenuSpec): Remark['fix'] {
  const section = /^(sections\[(\d+)\])\.(title|rows)$/.exec(path)
  if (section && menu.type === 'list' && Number(section[2]) > 0 && menu.sections[Number(section[2])]?.each === undefined)
    return { label: 'Join with the section above', does: `join:${section[1]}` }
  if (path === 'header.type') return { label: 'Leave the header out', does: 'drop:header' }
  return null
}
