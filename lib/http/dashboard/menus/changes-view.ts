import { type Change, changesBetween } from '../../../model/changes'
import type { MenuSpec } from '../../../model/menu'
import { type Piece, wordsApart } from '../../../model/words-apart'

/** One change for the pages: where both sides are there, taken apart into words. */
export interface ChangeView extends Change {
  pieces: readonly Piece[] | null
}

export const changesView = (before: MenuSpec, after: MenuSpec): ChangeView[] =>
  changesBetween(before, after).map((change) => ({ ...change, pieces: change.from !== null && change.to !== null ? wordsApart(change.from, change.to) : null }))

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
