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
