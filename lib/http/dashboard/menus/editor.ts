import { randomBytes } from 'node:crypto'
import { WaError } from '../../../errors'
import { TYPE_WORDS } from '../../../model/changes'
import type { MenuSpec } from '../../../model/menu'
import { canonical, type StoredMenu, saveDraft } from '../../../store/menus'
import { readForm } from '../../body'
import type { Exchange, Role, Route } from '../../exchange'
import { english } from '../../words/say'
import { fieldOf, isPartial } from '../asked'
import { fragment, leadTo, page, seeOther } from '../page'
import { momentOf } from '../when'
import { draftFrom } from './draft'
import { aboutsOf, type EditorView, editorView } from './editor-view'
import { menuOf, standingOf, whyReadOnly, writableMenuOf, writtenOf } from './one'
import type { OptionView } from './options'
import { elementId } from './places'
import { previewOf } from './preview'
import { readingView } from './reading'
import { type Rearranged, rearrange } from './rearrange'
import { withReplyIds } from './reply-ids'
import { tagsView } from './tags'
import { NO_TRIAL, numbersFor, type Trial, trySending } from './trial'

export const routes: Route<Role>[] = [
  { method: 'GET', path: '/menus/:key', may: 'viewer', handle: show },
  { method: 'POST', path: '/menus/:key', may: 'editor', handle: change },
  { method: 'POST', path: '/menus/:key/preview', may: 'editor', handle: look },
]

/** What the page shows beside the stored menu. */
interface Showing {
  draft: MenuSpec
  /** Revision on which the words of the form are based. */
  revision: number
  trial?: Trial
  land?: string | null
  said?: string | null
  /** Somebody asked for more than a save: what keeps the menu back stands open. */
  insist?: boolean
  note?: string | null
}

async function show(x: Exchange): Promise<void> {
  const menu = await menuOf(x)
  const why = whyReadOnly(x, menu)
  if (why !== null) return page(x, 'menus/read', { title: menu.key, ...readingView(x, menu, why) })
  const tested = x.query.get('tested')
  return answer(x, menu, {
    draft: writtenOf(menu),
    revision: menu.revision,
    note: noteOf(x),
    land: x.query.get('at'),
    trial: tested && /^\d{1,15}$/.test(tested) ? await trySending.done(x, tested) : NO_TRIAL,
  })
}

const NOTES = new Map([
  ['made', english('The menu is made. Nobody gets it until you publish it.')],
  ['imported', english('Imported as a draft. Look it over, then publish it.')],
  ['published', english('Published. Customers get this version from now on.')],
  ['discarded', english('The draft is gone. These are the words that are live.')],
  ['restored', english('The menu is back.')],
])

function noteOf(x: Exchange): string | null {
  const note = NOTES.get(x.query.get('did') ?? '')
  return note === undefined ? null : x.t(note)
}

/** Every button of the form comes here; `do` says which. */
async function change(x: Exchange): Promise<void> {
  const menu = await writableMenuOf(x)
  const form = await wholeForm(x)
  const draft = draftFrom(form, writtenOf(menu))
  const revision = Number(fieldOf(form, 'revision')) || 0
  const asked = fieldOf(form, 'do') || 'save'
  if (asked === 'send') return send(x, menu, form, draft, revision)
  if (asked === 'save' || asked === 'review' || asked === 'over') {
    const expected = asked === 'over' ? Number(fieldOf(form, 'theirs')) || 0 : revision
    return save(x, menu, { form, draft, revision, expected, review: asked === 'review' })
  }
  return move(x, menu, rearrange(draft, asked, menu.declared), { form, draft, revision })
}

/** A form as it came in: what it says, and what it was based on. */
interface Posted {
  form: Record<string, unknown>
  draft: MenuSpec
  revision: number
}

async function save(x: Exchange, menu: StoredMenu, posted: Posted & { expected: number; review: boolean }): Promise<void> {
  const stored = await keep(x, posted.draft, posted.expected)
  if (stored === null) return clash(x, posted)
  const saved = { draft: writtenOf(stored), revision: stored.revision }
  const { blockers } = editorView(saved.draft, stored.declared, x.engine.hearings(), x.t)
  if (posted.review && blockers.length === 0) return leadTo(x, `/menus/${menu.key}/publish`)
  if (posted.review) return isPartial(x) ? regions(x, stored, { ...saved, insist: true }, 422, posted) : answer(x, stored, { ...saved, insist: true }, 422)
  return isPartial(x) ? regions(x, stored, { ...saved, said: x.t('Saved.') }, 200, posted) : seeOther(x, `/menus/${menu.key}`)
}

/** Null when somebody else saved meanwhile. */
async function keep(x: Exchange, draft: MenuSpec, expected: number): Promise<StoredMenu | null> {
  try {
    return (await saveDraft(x.engine.db, withReplyIds(draft), x.user, expected, x.engine.now())).menu
  } catch (error) {
    if (error instanceof WaError && error.code === 'WA_MENU_STALE') return null
    throw error
  }
}

/** Two people wrote at once: the second is told, keeps every word, and decides. */
async function clash(x: Exchange, posted: Posted): Promise<void> {
  const theirs = await menuOf(x)
  return isPartial(x) ? regions(x, theirs, posted, 412, posted) : answer(x, theirs, posted, 412)
}

/** With scripts the form changes and is saved later; without, every button saves, because the browser keeps nothing between two pages. */
async function move(x: Exchange, menu: StoredMenu, done: Rearranged, posted: Posted): Promise<void> {
  const land = done.land === null ? null : landing(done.land)
  const { revision } = posted
  if (isPartial(x)) {
    const breaks = await x.engine.wouldBreak(menu.key, withReplyIds(done.menu))
    return fragment(
      x,
      'menus/moved',
      locals(x, menu, { draft: done.menu, revision, land, said: done.said === null ? null : x.t.said(done.said) }, breaksIn(breaks)),
    )
  }
  const stored = await keep(x, done.menu, revision)
  if (stored === null) return clash(x, { ...posted, draft: done.menu })
  return seeOther(x, `/menus/${menu.key}${land === null ? '' : `?at=${land}#${land}`}`)
}

const landing = (land: string): string =>
  land.startsWith('up:') || land.startsWith('down:') ? elementId('tool', land.replace(':', '.')) : elementId('f', land)

async function send(x: Exchange, menu: StoredMenu, form: Record<string, unknown>, draft: MenuSpec, revision: number): Promise<void> {
  const trial = await trySending(x, withReplyIds(draft), { to: fieldOf(form, 'to'), token: fieldOf(form, 'token'), number: fieldOf(form, 'number') })
  const status = trial.fault === null ? 200 : 422
  if (isPartial(x)) return fragment(x, 'menus/_trial', { ...trialLocals(x, trial), key: menu.key }, status)
  if (trial.fault !== null) return answer(x, menu, { draft, revision, trial }, status)
  const stored = await keep(x, draft, revision)
  return stored === null ? clash(x, { form, draft, revision }) : seeOther(x, `/menus/${menu.key}?tested=${trial.sent?.id ?? ''}#_trial`)
}

/** While somebody types: the phone, the state and the remarks, and nothing that could touch the words. */
async function look(x: Exchange): Promise<void> {
  const menu = await writableMenuOf(x)
  const form = await wholeForm(x)
  const showing = { draft: draftFrom(form, writtenOf(menu)), revision: Number(fieldOf(form, 'revision')) || 0 }
  return isPartial(x) ? regions(x, menu, showing, 200, { form, ...showing }) : answer(x, menu, showing)
}

/** The last field of the form must have arrived: a form that was cut on the way would take words away. */
async function wholeForm(x: Exchange): Promise<Record<string, unknown>> {
  const form = await readForm(x.req)
  if (form.whole === 'yes') return form
  throw new WaError(
    'WA_REQUEST_INVALID',
    'The form did not arrive whole, so nothing was changed. Send it again; if it stays, the menu has too many fields for this page.',
  )
}

async function answer(x: Exchange, menu: StoredMenu, showing: Showing, status = 200): Promise<void> {
  const breaks = await x.engine.wouldBreak(menu.key, withReplyIds(showing.draft))
  return page(
    x,
    'menus/edit',
    { title: menu.key, tab: 'edit', scripts: ['chat.js', 'editor.js'], styles: ['editor.css'], ...locals(x, menu, showing, breaksIn(breaks)) },
    status,
  )
}

/** Several regions in one answer: phone, state, variables, and the places where something is said, or was said before (the form tells which). */
async function regions(x: Exchange, menu: StoredMenu, showing: Showing, status: number, posted: Posted): Promise<void> {
  const breaks = await x.engine.wouldBreak(menu.key, withReplyIds(showing.draft))
  const all = locals(x, menu, showing, breaksIn(breaks))
  const said = new Set(Object.values(posted.form.said ?? {}))
  const abouts = aboutsOf(all.form).filter((about) => about.remarks.length > 0 || said.has(about.path || 'menu'))
  return fragment(x, 'menus/regions', { ...all, abouts, idFields: filledIds(posted.draft, all.form) }, status)
}

const breaksIn = (breaks: readonly { id: string; listener: string }[]) => breaks.map(({ id, listener }) => ({ id, listener }))

/** Options that had no id when the form was sent, and have one now. */
function filledIds(before: MenuSpec, view: EditorView): OptionView[] {
  const blank = (path: string): boolean => {
    const [, section, row] = /^sections\[(\d+)\]\.rows\[(\d+)\]$/.exec(path) ?? []
    if (before.type === 'list') return before.sections[Number(section)]?.rows?.[Number(row)]?.id === ''
    return before.type === 'button' && before.buttons[Number(/\d+/.exec(path)?.[0])]?.id === ''
  }
  return [...(view.buttons?.options ?? []), ...(view.list?.sections.flatMap((section) => section.rows) ?? [])].filter(
    (option) => option.id !== null && option.id.value !== '' && blank(option.path),
  )
}

function locals(x: Exchange, menu: StoredMenu, showing: Showing, breaks: readonly { id: string; listener: string }[] = []) {
  const form = editorView(showing.draft, menu.declared, x.engine.hearings(), x.t)
  const stored = menu.draft ?? menu.published
  const unsaved = canonical(stored) !== canonical(showing.draft) && canonical(stored) !== canonical(withReplyIds(showing.draft))
  const edited = momentOf(menu.updated_at, x)
  const { trial = NO_TRIAL, land = null, said = null, insist = false, note = null } = showing
  return {
    key: menu.key,
    tagged: tagsView(x, menu),
    action: `${x.base}/menus/${menu.key}`,
    typeWords: x.t(TYPE_WORDS[showing.draft.type]),
    standing: standingOf(menu, x),
    version: menu.version,
    isDraft: menu.draft !== null,
    fromCode: menu.draft !== null && menu.updated_by === 'code',
    edited: {
      by: menu.updated_by ?? x.t('somebody'),
      words: edited.isToday ? edited.short : edited.when,
      iso: edited.iso,
      full: edited.full,
    },
    revision: showing.revision,
    unsaved,
    form,
    breaks,
    conflict: conflictOf(menu, showing.revision, x),
    land,
    said,
    insist,
    note,
    preview: previewOf(withReplyIds(showing.draft), x),
    ...trialLocals(x, trial),
  }
}

/** Somebody else's change since the form was loaded. Said while typing too, not only when it is too late. */
function conflictOf(menu: StoredMenu, revision: number, x: Exchange): { by: string; at: string; theirs: number } | null {
  if (menu.revision === revision) return null
  const at = momentOf(menu.updated_at, x)
  return { by: menu.updated_by ?? x.t('Somebody'), at: at.at, theirs: menu.revision }
}

const trialLocals = (x: Exchange, trial: Trial) => ({
  base: x.base,
  trial: { ...trial, token: randomBytes(12).toString('base64url'), numbers: numbersFor(x) },
  simulated: [...x.engine.lines.values()].some((line) => line.provider.name === 'simulator'),
})
