import { type Change, changesBetween } from '../../../model/changes'
import type { MenuSpec } from '../../../model/menu'
import { type Piece, titlesIn, wordsApart } from '../../../model/words-apart'
import type { Say } from '../../words/say'

/** One change for the pages: where both sides are there, taken apart into words. */
export interface ChangeView extends Change {
  pieces: readonly Piece[] | null
}

export const changesView = (before: MenuSpec, after: MenuSpec, t: Say): ChangeView[] =>
  changesBetween(before, after).map((change) => changeView(said(change, t), change.what === 'Order' ? titlesIn : undefined))

export const changeView = (change: Change, partsIn?: typeof titlesIn): ChangeView => ({
  ...change,
  pieces: change.from !== null && change.to !== null ? wordsApart(change.from, change.to, partsIn) : null,
})

/** What customers read stays as it is written; a type is a word of ours. */
const said = ({ what, from, to }: Change, t: Say): Change => {
  const side = (words: string | null): string | null => (what === 'Type' && words !== null ? t.said(words) : words)
  return { what: t.said(what), from: side(from), to: side(to) }
}

/** A menu that has nothing yet, to compare a first version with. */
export const nothingOf = (spec: MenuSpec): MenuSpec =>
  ({
    key: spec.key,
    type: spec.type,
    body: '',
    button: '',
    buttons: [],
    sections: [],
    ...(spec.type === 'template' ? { template: { name: '', language: '' } } : {}),
  }) as unknown as MenuSpec
