import { capital, clip, type Report, shown } from './fault'
import { codePoints } from './limits'
import type { Variables } from './menu'
import { partsOf } from './placeholder'

/** Checks one text: that it is there, that it is not too long, that its braces and characters are right. */
export type Wording = (path: string, thing: string, text: string | undefined, limit: number, need?: 'needed' | 'optional') => void

/** How a menu is read while its rules are checked. */
export interface Reading {
  report: Report
  words: Wording
  /** Its variables are filled in. */
  rendered: boolean
}

/** `variables`: what is known of the variables in the texts; null when they are filled in already. */
export function wording(report: Report, variables: Variables | null): Wording {
  return (path, thing, text, limit, need = 'needed') => {
    if (isBlank(text)) {
      if (need === 'needed')
        report(path, `${capital(thing)} is empty.`, { actual: 0, limit, fix: variables === null ? 'Give its variables words.' : 'Write it.' })
      return
    }
    if (variables !== null) {
      braces(path, thing, text, report)
      if (CONTROL.test(text) || !text.isWellFormed())
        report(path, `${capital(thing)} has a character in it that cannot be sent.`, { actual: shown(text), fix: 'Type it anew.' })
    }
    // UTF-16 units are never fewer than code points.
    if (text.length <= limit && !(variables !== null && text.includes('{{'))) return
    const { least, likely, open } = variables === null ? { least: codePoints(text), likely: 0, open: false } : lengthsOf(text, variables)
    const over = Math.max(least, likely)
    if (over <= limit) return
    const how = !open ? '' : least > limit ? ' without its variables' : ' with its samples and defaults'
    report(
      path,
      `${capital(thing)} is ${over} characters${how}; WhatsApp ${/\b(id|address|number|file name)\b/.test(thing) ? 'takes' : 'shows'} at most ${limit}.`,
      { actual: over, limit, fix: codePoints(text) <= 60 ? `Shorten "${clip(text)}".` : `Shorten it by ${over - limit}.` },
    )
  }
}

/** Nothing that a customer would see. */
export const isBlank = (text: string | undefined): text is undefined | '' =>
  text === undefined || text === '' || /^[\s\u200B-\u200D\u2060\uFEFF\u00AD]*$/.test(text)

/** Control characters except tab and line break. */
const CONTROL = /(?![\t\n\r])\p{Cc}/u

/** Braces that look like a variable and are none. */
export function braces(path: string, thing: string, text: string, report: Report): void {
  if (!text.includes('{{') && !text.includes('}}')) return
  for (const part of partsOf(text)) {
    if ('broken' in part)
      report(path, `${capital(thing)}: ${shown(part.near)} ${part.why}.`, {
        actual: clip(part.near),
        limit: '{{name}}',
        fix: 'Write variables as {{order}}: small letters, digits and _.',
      })
  }
}

/** `least`: the words alone. `likely`: with the longer of sample and default of every variable. */
export function lengthsOf(text: string, variables: Variables): { least: number; likely: number; open: boolean } {
  if (!text.includes('{{')) return { least: codePoints(text), likely: 0, open: false }
  let least = 0
  let likely = 0
  for (const part of partsOf(text)) {
    if ('name' in part) {
      const known = Object.hasOwn(variables, part.name) ? variables[part.name] : undefined
      likely += Math.max(0, ...[known?.sample, known?.default].map((value) => (value === undefined ? 0 : codePoints(String(value)))))
    } else {
      least += codePoints('words' in part ? part.words : part.broken)
    }
  }
  return { least, likely: least + likely, open: true }
}
