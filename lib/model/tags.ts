import { type Report, shown } from './fault'
import { codePoints, LIMITS } from './limits'
import type { Reader } from './readers'

/** Small letters, single blanks, each once: so that "Orders" and "orders " are one drawer. */
export const tidyTags = (tags: readonly string[]): string[] => [
  ...new Set(tags.map((tag) => tag.toWellFormed().normalize('NFC').toLowerCase().replaceAll(/\s+/g, ' ').trim()).filter((tag) => tag !== '')),
]

/** What is wrong with tags that are tidy already. */
export function checkTags(tags: readonly string[], path: string, report: Report): void {
  if (tags.length > LIMITS.tags) {
    report(path, `These are ${tags.length} tags; a menu has at most ${LIMITS.tags}.`, { actual: tags.length, limit: LIMITS.tags, fix: 'Leave some out.' })
  }
  for (const tag of tags.slice(0, LIMITS.tags + 1)) {
    if (/[,\p{Cc}]/u.test(tag))
      report(path, `The tag ${shown(tag)} has a comma or a sign that is not seen.`, { actual: shown(tag), fix: 'Use letters, digits, blanks and -.' })
    if (codePoints(tag) <= LIMITS.tag) continue
    report(path, `The tag ${shown(tag)} has ${codePoints(tag)} characters; at most ${LIMITS.tag}.`, {
      actual: codePoints(tag),
      limit: LIMITS.tag,
      fix: 'Use a shorter word.',
    })
  }
}

/** Reads unknown JSON as tags. */
export const tags: Reader = (value, path, report) => {
  if (!Array.isArray(value) || value.some((one) => typeof one !== 'string')) {
    report(path, `${path} is ${shown(value)}; it must be a list of words.`, {
      actual: shown(value),
      limit: 'list',
      fix: 'Write ["orders"].',
    })
    return []
  }
  const tidy = tidyTags(value.slice(0, 100))
  checkTags(tidy, path, report)
  return tidy
}
