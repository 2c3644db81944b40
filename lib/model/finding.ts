/** Advice about a menu that WhatsApp would take. `rule` names are stable. */
export interface Finding {
  path: string
  level: 'warning' | 'tip'
  rule: Rule
  message: string
  /** `patch`: fields of the menu to replace (null: to leave out), see `patched`. */
  fix?: { label: string; patch: Record<string, unknown> }
}

/** The seven practices of Exotel's page "WhatsApp Interactive Messages", and traps of the platform. */
export const RULES = {
  'short-label': 'Practice 1: labels are short actions',
  'list-for-many': 'Practice 2: four options or more make a list',
  'buttons-for-few': 'Practice 2: two or three options are quicker as buttons',
  'row-description': 'Practice 3: rows are described',
  'list-sections': 'Practice 4: long lists have sections',
  'way-out': 'Practice 5: there is a way to a person, or "other"',
  'way-out-last': 'Practice 5: the way out stands last',
  'unseen-tap': 'Practice 6: what follows a URL button cannot be known',
  'typed-answer': 'Practice 7: customers type, and old desktop clients show no list',
  'emoji-length': 'Emoji may count double',
  'line-break': 'Labels have one line',
  'no-markdown': 'Headers and labels show * and _ as they are',
  'invisible-character': 'Invisible characters',
  'single-braces': 'A variable has two braces',
  'similar-titles': 'Titles differ enough to be told apart',
  'no-sample': 'Variables have samples for the preview',
  'unused-variable': 'Declared variables are used',
  'little-room': 'Values fit beside the words',
  'rows-from-data': 'Rows from data fit, and "no data" has words',
  'sent-as-template': 'Leaves only as an approved template',
  'plain-http': 'Addresses are https',
} as const
export type Rule = keyof typeof RULES

export type Tell = (finding: Finding) => void
