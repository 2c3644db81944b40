import type { MenuSpec } from '../../../model/menu'

/** A place in a menu (`sections[0].rows[2].title`), as the name of its form field: `sections[0][rows][2][title]`. */
export function fieldName(path: string): string {
  const [first = '', ...rest] = partsIn(path)
  return first + rest.map((part) => `[${part}]`).join('')
}

/** The same place as the id of an element; also a selector when `#` stands before it. */
export const elementId = (kind: 'f' | 'about' | 'option' | 'tool', path: string): string =>
  `${kind}-${partsIn(path)
    .join('-')
    .replaceAll(/[^\w-]/g, '-')}`

const partsIn = (path: string): string[] => path.split(/[.[\]]+/).filter((part) => part !== '')

/** The place that holds this one; null at the top. */
export function holderOf(path: string): string | null {
  const cut = Math.max(path.lastIndexOf('.'), path.lastIndexOf('['))
  return cut < 0 ? null : path.slice(0, cut)
}

/** Places that have a field of their own. */
export function fieldPaths(menu: MenuSpec): string[] {
  const template = ['template.name', 'template.language']
  if (menu.type === 'template') return template
  if (menu.type === 'text') return ['body', ...template]
  const framed = ['header.text', 'header.link', 'header.id', 'header.filename', 'body', 'footer', ...template]
  if (menu.type !== 'list') return [...framed, ...menu.buttons.flatMap((_, at) => ['title', 'id', 'url', 'phone'].map((name) => `buttons[${at}].${name}`))]
  const row = (path: string): string[] => [`${path}.title`, `${path}.description`, `${path}.id`]
  return [
    ...framed,
    'button',
    ...menu.sections.flatMap((section, at) => [
      `sections[${at}].title`,
      ...(section.rows ?? []).flatMap((_, index) => row(`sections[${at}].rows[${index}]`)),
      ...(section.each === undefined ? [] : [`sections[${at}].each`, `sections[${at}].empty`, ...row(`sections[${at}].row`)]),
    ]),
  ]
}
