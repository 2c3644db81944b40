import { randomBytes } from 'node:crypto'
import type { Fault } from '../../errors'
import type { MenuSpec } from '../../model/menu'
import { preview, sentOf, templateOf } from '../../model/render'
import { variablesIn } from '../../model/variables'
import { windowOf } from '../../model/window'
import type { ConversationRow } from '../../store/conversations'
import { menuByKey } from '../../store/menus'
import type { Exchange } from '../exchange'
import { isPartial } from './asked'
import { type Bubble, bubbleOf } from './bubble'
import { firstWords } from './menus/list'
import { searchMenus } from './menus/search'
import { GLYPHS } from './menus/types'
import { drawnItems, type Items, itemsIn, saidBeside, type Table, tablesOf } from './rows-by-hand'

/** Menus that are offered at once; whoever looks for another one types a word of it. */
const OFFERED = 12

/** What staff may send of what is stored: a list of menus, or one of them with its variables. */
export interface Chooser {
  q: string
  /** The window is closed: only what leaves as an approved template. */
  closed: boolean
  lines: readonly { key: string; glyph: string; words: string }[]
  more: boolean
  chosen: Chosen | null
  /** The cursor goes into its first field. */
  focus: boolean
}
/** One menu that is about to be sent. */
export interface Chosen {
  key: string
  /** The version that was looked at: another one is not sent in its place. */
  version: number
  fields: readonly { name: string; value: string; sample: string; required: boolean; wrong: boolean }[]
  /** Lists of which rows are made. */
  tables: readonly Table[]
  /** Drawn from what would be sent, with samples where nothing is written yet. */
  bubble: Bubble | null
  fault: string | null
  /** Makes a repeated click one message. */
  token: string
  /** Name of the field that the cursor goes into. */
  land: string | null
}
/** What was written so far: the variables by name, and the items of each list. */
export interface Given {
  texts: Readonly<Record<string, string>>
  items: Items
}
/** A menu that can be sent by hand. */
export interface Offer {
  key: string
  version: number
  spec: MenuSpec
}

export const isClosed = (conversation: ConversationRow, x: Exchange): boolean => {
  const { known, open } = windowOf(conversation.last_inbound_at, x.engine.now())
  return known && !open
}

export async function chooserOf(x: Exchange, conversation: ConversationRow, q = ''): Promise<Chooser> {
  const closed = isClosed(conversation, x)
  const found = await searchMenus(x.engine.db.read, q, { limit: OFFERED }, (menu) => menu.published !== null && mayLeave(menu.published, closed))
  const lines = found.items.flatMap(({ key, published }) => (published ? [{ key, glyph: GLYPHS[published.type], words: firstWords(published, x.t) }] : []))
  return { q, closed, lines, more: found.next !== null, chosen: null, focus: isPartial(x) }
}

/** With a closed window only an approved template leaves. */
const mayLeave = (menu: MenuSpec, closed: boolean): boolean => !closed || ('template' in menu && menu.template !== undefined)

/** The menu of that key as it is live; null when it cannot be sent from here. */
export async function offerOf(x: Exchange, conversation: ConversationRow, key: string): Promise<Offer | null> {
  const menu = await menuByKey(x.engine.db.read, key)
  if (!menu?.published || menu.version === null || menu.archived_at !== null || !mayLeave(menu.published, isClosed(conversation, x))) return null
  return { key, version: menu.version, spec: menu.published }
}

/** What a form says that nobody has written in yet. */
export const nothingGiven = ({ spec }: Offer): Given => ({ texts: {}, items: itemsIn({}, spec) })

/** `land`: the field that the cursor goes into, instead of the first. */
export function chosenOf(
  x: Exchange,
  conversation: ConversationRow,
  { key, version, spec }: Offer,
  given: Given,
  { refused = null, land }: { refused?: { fault: string; faults: readonly Fault[] } | null; land?: string } = {},
): Chooser {
  const closed = isClosed(conversation, x)
  const fields = variablesIn(spec).scalars.map((name) => {
    const { sample, default: fallback } = spec.variables?.[name] ?? {}
    return {
      name,
      value: given.texts[name] ?? '',
      sample: String(fallback ?? sample ?? ''),
      required: fallback === undefined,
      wrong: refused?.faults.some((fault) => fault.path === `variables.${name}`) ?? false,
    }
  })
  const tables = tablesOf(spec, given.items, given.texts, refused?.faults ?? [], x.t)
  const isBeside = saidBeside(spec, given.items)
  const first = fields[0] ? `v.${fields[0].name}` : (tables[0]?.rows[0]?.fields[0]?.field ?? null)
  const chosen = {
    key,
    version,
    fields,
    tables,
    bubble: drawnWith(x, spec, given, closed),
    fault: refused?.faults.length && refused.faults.every(isBeside) ? x.t('Not sent: look at what is said beside the rows.') : (refused?.fault ?? null),
    token: randomBytes(12).toString('base64url'),
    land: land ?? first,
  }
  return { q: '', closed, lines: [], more: false, chosen, focus: isPartial(x) }
}

/** The menu as it would leave: what is not written yet with what is sent then, or else as a sample. */
export function drawnWith(x: Exchange, spec: MenuSpec, { texts, items }: Given, closed: boolean): Bubble | null {
  const standing = Object.entries(spec.variables ?? {}).flatMap(([name, one]) => (one.default === undefined ? [] : [[name, one.default] as const]))
  const written = [...standing, ...Object.entries(texts)].map(([name, value]) => [name, { ...spec.variables?.[name], sample: value }])
  const { message } = preview(
    { ...spec, variables: { ...spec.variables, ...Object.fromEntries(written) } },
    closed ? templateOf : sentOf,
    drawnItems(items, spec),
  )
  return message && bubbleOf(message, x.t, { element: '_drawing', side: 'mine', open: true })
}
