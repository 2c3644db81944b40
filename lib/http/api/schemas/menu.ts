import type { Schema } from 'joi'
import { LIMITS } from '../../../model/limits'
import type { MenuType } from '../../../model/menu'
import { KEY } from '../../../model/shape'
import { count, J, listOf, orNull, shape, text } from './shape'

/** A text of a menu: drafts may be unfinished or too long; publishing checks. */
const words = (limit: number): Schema => text().description(`At most ${limit} characters (code points) when it is published and when it is sent.`)

const header = J.alternatives(
  shape({ type: J.valid('text'), text: words(LIMITS.headerText) }),
  shape({ type: J.valid('image', 'video') }, { link: text(), id: text() }),
  shape({ type: J.valid('document') }, { link: text(), id: text(), filename: text() }),
)
const option = shape({ id: words(LIMITS.buttonId), title: words(LIMITS.buttonTitle) })
const row = shape({ id: words(LIMITS.rowId), title: words(LIMITS.rowTitle) }, { description: words(LIMITS.rowDescription) })
const section = shape(
  {},
  {
    title: words(LIMITS.sectionTitle),
    rows: listOf(row),
    each: text().description('Name of an array variable: `row` is repeated for each of its items.'),
    row,
    empty: text().description('Title of the one row shown when the array is empty.'),
  },
)
const template = shape({ name: text(), language: text() }, { components: listOf(J.any()) }).description(
  'The approved template through which it leaves when no session message can carry it.',
)
const scalar = J.alternatives(text(), J.number())

const own = {
  variables: J.object()
    .pattern(J.any(), shape({}, { sample: scalar, default: scalar }))
    .description('What is known of its `{{variables}}`.'),
  tags: listOf(text()).description(
    `Words under which it is filed, in small letters; at most ${LIMITS.tags}, each of ${LIMITS.tag} characters. They belong to the menu, not to a version; left out, they stay.`,
  ),
  owner: J.valid('staff', 'code').description('`code`: declared in code and read-only elsewhere.'),
}
const framed = { ...own, header, footer: words(LIMITS.footer), template }
const body = words(LIMITS.body)

/** What a menu of each type holds beside `key` and `type`. */
const FIELDS: Record<MenuType, [needed: Record<string, Schema>, optional: Record<string, Schema>]> = {
  button: [{ body, buttons: listOf(option).description(`1 to ${LIMITS.buttons}.`) }, framed],
  list: [
    { body, button: words(LIMITS.listButton), sections: listOf(section).description(`At most ${LIMITS.sections}, with ${LIMITS.rows} rows in all.`) },
    framed,
  ],
  cta_url: [{ body, buttons: listOf(shape({ title: words(LIMITS.urlButtonTitle), url: text() })) }, framed],
  cta_phone: [{ body, buttons: listOf(shape({ title: words(LIMITS.templateButtonTitle), phone: text() })) }, framed],
  text: [{ body: words(LIMITS.text) }, { ...own, template }],
  template: [{ template }, own],
}
const key = J.string().pattern(KEY, { name: 'small letters, digits and -, at most 64' })

/** `key` stands in the address of a PUT already. */
const menu = (keyed: 'needed' | 'optional'): Schema =>
  Object.entries(FIELDS).reduce((either, [type, [needed, optional]]) => {
    const typed = { type: J.valid(type), ...needed }
    return either.conditional(J.object({ type: J.valid(type).required() }).unknown(), {
      // biome-ignore lint/suspicious/noThenProperty: joi names the branch of a condition `then`; nobody awaits this object.
      then: keyed === 'needed' ? shape({ key, ...typed }, optional) : shape(typed, { key, ...optional }),
    })
  }, J.alternatives())

export const Menu = menu('needed').description('An interactive message with a name, `{{variables}}` still in it.')
export const MenuAtKey = menu('optional').description('A menu whose key stands in the address.')

export const StoredMenu = shape({
  key,
  version: orNull(count()).description('The version that is live; null while never published.'),
  published: orNull(Menu).description('What is sent; null while never published.'),
  draft: orNull(Menu).description('What is being written; null when it is what is published.'),
  tags: listOf(text()).description('Words under which it is filed.'),
})
export const Publish = shape({}, { force: J.boolean().description('Publish also when code listens to an option that would go.') })
export const Published = shape({
  key,
  version: count(),
  changed: J.boolean().description('False when there was nothing new: then it is the version that was live before.'),
})
