import { suggest } from '../../model/suggest'
import { type Catalogue, type Say, speak, type Words } from './say'

/** Words of the host: sentences of the dashboard in its own language, or by language: `{ Publish: 'Go live' }`, `{ ar: { Publish: 'نشر' } }`. */
export type OwnWords = Readonly<Record<string, string | Words>>

/** The languages that pages can be read in, and whoever speaks them. */
export interface Languages {
  /** Tag and name of each, in its own language; the host's first. */
  readonly offered: readonly { tag: string; name: string }[]
  /** Any tag may be asked for; what has no words is the host's language. */
  say(tag: string | null): Say
}

// A catalogue is read at the first page in its language.
const OURS: Readonly<Record<string, () => Catalogue>> = {
  en: () => ({ words: {}, said: {} }),
  hi: () => (require('./hi/index') as typeof import('./hi/index')).HINDI,
}
export const OUR_LANGUAGES = Object.keys(OURS)

/** What a host said anew though no page says it, each with the sentence that was probably meant. */
export function unsaid(own: OwnWords): { sentence: string; near: string | null }[] {
  const given = Object.entries(own).flatMap(([key, words]) => (typeof words === 'string' ? [key] : Object.keys(words)))
  if (given.length === 0) return []
  // Hindi is complete: its keys are all there is to say.
  const { words, said } = (require('./hi/index') as typeof import('./hi/index')).HINDI
  const known = Object.keys({ ...words, ...said })
  return given.filter((sentence) => !known.includes(sentence)).map((sentence) => ({ sentence, near: suggest(sentence, known) }))
}

/** `en`, `pt-BR`. */
export const isTag = (text: string): boolean => /^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/.test(text)
const baseOf = (tag: string): string => tag.split('-')[0] ?? tag

/** Whether pages have words in this language; else they are English. */
export const isSpoken = (tag: string, own: OwnWords): boolean => isTag(tag) && [tag, baseOf(tag)].some((one) => one in OURS || typeof own[one] === 'object')

export function languagesOf(language: string, own: OwnWords = {}): Languages {
  const first = isSpoken(language, own) ? language : 'en'
  const theirs = Object.keys(own).filter((tag) => typeof own[tag] === 'object')
  const tags = [...new Set([first, ...OUR_LANGUAGES, ...theirs])].filter((tag) => tag === first || tag !== baseOf(first))
  const spoken = new Map<string, Say>()
  const say = (tag: string | null): Say => {
    const known = tag !== null && tags.includes(tag) ? tag : first
    const voice = spoken.get(known) ?? speak(known, cataloguesOf(known, known === first, own))
    spoken.set(known, voice)
    return voice
  }
  return { offered: tags.map((tag) => ({ tag, name: nameOf(tag) })), say }
}

function cataloguesOf(tag: string, isFirst: boolean, own: OwnWords): Catalogue[] {
  const mine = Object.fromEntries(Object.entries(own).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  const theirs = [own[baseOf(tag)], own[tag], isFirst ? mine : undefined].filter((words): words is Words => typeof words === 'object')
  // A host may say anew what a page says and what the model says.
  return [OURS[baseOf(tag)]?.() ?? { words: {}, said: {} }, ...theirs.map((words) => ({ words, said: words }))]
}

const nameOf = (tag: string): string => new Intl.DisplayNames([tag], { type: 'language', languageDisplay: 'standard' }).of(tag) ?? tag

const COOKIE = 'wa_language'

/** The language that this browser chose, null when it chose none. */
export const chosenLanguage = (cookies: string | undefined): string | null =>
  new RegExp(`(?:^|;\\s*)${COOKIE}=([A-Za-z0-9-]{2,35})(?:;|$)`).exec(cookies ?? '')?.[1] ?? null

const YEAR_S = 365 * 86_400
/** Nothing secret: no script needs it, and no other part of the host. */
export const languageCookie = (tag: string, base: string): string => `${COOKIE}=${tag}; Path=${base || '/'}; Max-Age=${YEAR_S}; HttpOnly; SameSite=Lax`
