import { addressProblem } from './address'
import { clip, type Report, shown } from './fault'
import { codePoints, LIMITS } from './limits'
import type { SentFile } from './message'
import { isObject } from './readers'
import { didYouMean } from './suggest'
import { isBlank } from './wording'

export type Fields = Record<string, unknown>

export function words(path: string, value: unknown, limit: number, report: Report): string {
  if (typeof value !== 'string') {
    report(path, value === undefined ? `${path} is missing.` : `${path} is ${shown(value)}; it must be a text.`, { actual: shown(value), limit })
    return ''
  }
  const text = value.toWellFormed().replaceAll('\u0000', '\uFFFD')
  const length = codePoints(text)
  if (isBlank(text)) report(path, `${path} is empty.`, { actual: 0, limit, fix: 'Write something.' })
  if (length > limit)
    report(path, `${path} is ${length} characters; WhatsApp takes at most ${limit}.`, { actual: length, limit, fix: `Shorten it by ${length - limit}.` })
  return text
}

export const caption = (input: Fields, report: Report): { caption?: string } =>
  input.caption === undefined || input.caption === '' ? {} : { caption: words('caption', input.caption, LIMITS.caption, report) }

export function file(path: string, value: unknown, report: Report): SentFile {
  const fix = `Pass { link: "https://…" }, or { id } of a file that the provider keeps.`
  if (!isObject(value)) {
    report(path, `${path} is ${shown(value)}; it must be an object.`, { actual: shown(value), fix })
    return {}
  }
  if ('data' in value) {
    report(`${path}.data`, 'Files cannot be uploaded yet.', { fix })
    return {}
  }
  for (const name of Object.keys(value))
    if (name !== 'link' && name !== 'id')
      report(`${path}.${name.slice(0, 60)}`, `Unknown field ${shown(name)} in ${path}.${didYouMean(name, ['link', 'id'])}`, { actual: clip(name) })
  const given = ['link', 'id'].filter((name) => value[name] !== undefined)
  if (given.length !== 1) {
    report(path, given.length === 0 ? `${path} has neither a link nor an id.` : `${path} has both a link and an id.`, {
      actual: given.length,
      limit: 1,
      fix: given.length === 0 ? fix : 'Keep one of them.',
    })
    return {}
  }
  if (value.link === undefined) return { id: words(`${path}.id`, value.id, LIMITS.mediaId, report) }
  const link = words(`${path}.link`, value.link, LIMITS.url, report)
  const problem = link === '' ? null : addressProblem(link, true)
  if (problem)
    report(`${path}.link`, `The address ${shown(link)} of the ${path} ${problem.what}.`, { actual: shown(link), limit: 'https://…', fix: problem.fix })
  return { link }
}

export function degrees(path: string, value: unknown, most: number, report: Report): number {
  if (typeof value === 'number' && Math.abs(value) <= most) return value
  report(path, `${path} is ${shown(value)}; it must be a number from -${most} to ${most}.`, { actual: shown(value), limit: `-${most}…${most}` })
  return 0
}
