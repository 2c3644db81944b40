import type { Finding, Rule, Tell } from './finding'
import { codePoints, LIMITS } from './limits'
import { lintByType } from './lint-types'
import type { MenuSpec } from './menu'
import { readMenu } from './shape'
import { variablesIn } from './variables'
import { lengthsOf } from './wording'

export { type Finding, RULES, type Rule } from './finding'

/** What could be better. Works on unfinished drafts; what WhatsApp refuses is said by `faultsOf`. */
export function lint(menu: MenuSpec): Finding[] {
  const findings: Finding[] = []
  const { menu: readable } = readMenu(menu)
  if (readable === null) return findings
  const tell: Tell = (finding) => void findings.push(finding)
  for (const text of textsOf(readable)) lintText(text, readable, tell)
  lintVariables(readable, tell)
  lintByType(readable, tell)
  return findings
}

/** The menu with a finding's patch applied. */
export function patched(menu: MenuSpec, patch: Record<string, unknown>): MenuSpec {
  return Object.fromEntries(Object.entries({ ...menu, ...patch }).filter(([, value]) => value !== null)) as unknown as MenuSpec
}

interface Text {
  path: string
  text: string
  limit: number
  /** One line, drawn without markdown. */
  label: boolean
}

function textsOf(menu: MenuSpec): Text[] {
  if (menu.type === 'template') return []
  const label = (path: string, text: string | undefined, limit: number): Text[] => (text === undefined ? [] : [{ path, text, limit, label: true }])
  if (menu.type === 'text') return [{ path: 'body', text: menu.body, limit: LIMITS.text, label: false }]
  const framed = [
    ...label('header.text', menu.header?.type === 'text' ? menu.header.text : undefined, LIMITS.headerText),
    { path: 'body', text: menu.body, limit: LIMITS.body, label: false },
    ...label('footer', menu.footer, LIMITS.footer),
  ]
  if (menu.type === 'list') {
    const rows = menu.sections.flatMap((section, at) => [
      ...label(`sections[${at}].title`, section.title, LIMITS.sectionTitle),
      ...[...(section.rows ?? []).map((row, index) => ({ row, path: `rows[${index}]` })), ...(section.row ? [{ row: section.row, path: 'row' }] : [])].flatMap(
        ({ row, path }) => [
          ...label(`sections[${at}].${path}.title`, row.title, LIMITS.rowTitle),
          ...label(`sections[${at}].${path}.description`, row.description, LIMITS.rowDescription),
        ],
      ),
    ])
    return [...framed, ...label('button', menu.button, LIMITS.listButton), ...rows]
  }
  const limit = menu.type === 'cta_phone' ? LIMITS.templateButtonTitle : LIMITS.buttonTitle
  return [...framed, ...menu.buttons.flatMap((button, index) => label(`buttons[${index}].title`, button.title, limit))]
}

function lintText({ path, text, limit, label }: Text, menu: MenuSpec, tell: Tell): void {
  const about = (rule: Rule, message: string, level: Finding['level'] = 'warning'): void => tell({ path, level, rule, message })
  const { least, open } = lengthsOf(text, menu.variables ?? {})
  if (!open && codePoints(text) <= limit && text.length > limit)
    about('emoji-length', `This counts ${codePoints(text)} of ${limit}, but some clients count emoji double and see ${text.length}. Leave some room.`)
  if (open && least <= limit && limit - least < 8)
    about('little-room', `Only ${limit - least} characters are left for its variables; longer values cannot be sent.`)
  if (/[\u202A-\u202E\u2066-\u2069\u200B\u2060\uFEFF\u00AD]/.test(text))
    about('invisible-character', 'There is an invisible character in it, probably pasted along. Type it anew.')
  if (/(^|[^{]){[a-z_][a-z0-9_]{0,40}}(?!})/.test(text)) about('single-braces', 'A word in single braces is sent as it is. A variable is written {{name}}.')
  if (!label) return
  if (/[\r\n]/.test(text)) about('line-break', 'A line break in a label is shown as a space, or not at all.')
  if (/(^|\s)([*_~])\S.{0,100}?\2(\s|$)/.test(text)) about('no-markdown', 'Bold and italics work in the body only; here the signs themselves are shown.')
}

function lintVariables(menu: MenuSpec, tell: Tell): void {
  const { scalars, arrays } = variablesIn(menu)
  const used = new Set([...scalars, ...Object.values(arrays).flat()])
  const declared = menu.variables ?? {}
  for (const name of used) {
    const known = Object.hasOwn(declared, name) ? declared[name] : undefined
    if (known?.sample === undefined && known?.default === undefined)
      tell({ path: `variables.${name}`, level: 'tip', rule: 'no-sample', message: `{{${name}}} has no sample, so the preview shows its name. Give it one.` })
  }
  for (const name of Object.keys(declared))
    if (!used.has(name)) tell({ path: `variables.${name}`, level: 'tip', rule: 'unused-variable', message: `No words use {{${name}}}.` })
}
