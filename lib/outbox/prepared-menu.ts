import { compile, type Drawing, type Filled } from '../model/compile'
import type { MenuSpec } from '../model/menu'
import { type SentMessage, wordsOf } from '../model/message'
import { render, renderTemplate, sentOf, templateOf } from '../model/render'
import { contentOf } from '../providers/wire'

/** A message that could leave, written down. */
export interface Written {
  readonly type: string
  /** The SentMessage as JSON: what the log keeps, and what everything but the wire is drawn from. */
  readonly json: string
  /** Its content object of the wire as JSON without the outer braces; null when nobody wrote it yet. */
  readonly content: string | null
  /** Its words in one line. */
  readonly text: string
}
export interface WrittenMenu {
  message: Written
  /** The approved template that stands in when the window is closed; null when the menu names none. */
  template: () => Written | null
}

export const written = (message: SentMessage): Written => ({ type: message.type, json: JSON.stringify(message), content: null, text: wordsOf(message) })

/** A published menu, ready to be written with variables many times. Throws what `render` throws. */
export type PreparedMenu = (variables: Record<string, unknown>) => WrittenMenu

export function prepareMenu(menu: MenuSpec, alsoKnown: readonly string[]): PreparedMenu {
  const hasTemplate = 'template' in menu && menu.template !== undefined
  const compiled = compile(menu, alsoKnown, hasTemplate ? [...drawingsOf(sentOf), ...drawingsOf(templateOf)] : drawingsOf(sentOf))
  return (variables) => {
    const filled = compiled?.fill(variables)
    if (!filled) return renderedMenu(menu, variables, alsoKnown)
    return { message: new Sheet(filled, 0), template: () => (hasTemplate ? new Sheet(filled, 4) : null) }
  }
}

/** Writes only what is asked for. */
class Sheet implements Written {
  constructor(
    private readonly filled: Filled,
    private readonly first: number,
  ) {}
  get type(): string {
    return this.filled.write(this.first)
  }
  get json(): string {
    return this.filled.write(this.first + 1)
  }
  get content(): string {
    return this.filled.write(this.first + 2)
  }
  get text(): string {
    return this.filled.write(this.first + 3)
  }
}

const drawingsOf = (messageOf: (menu: MenuSpec) => SentMessage): Drawing[] => [
  { as: 'words', of: (menu) => messageOf(menu).type },
  { as: 'json', of: (menu) => JSON.stringify(messageOf(menu)) },
  { as: 'json', of: (menu) => JSON.stringify(contentOf(messageOf(menu))).slice(1, -1) },
  { as: 'words', of: (menu) => wordsOf(messageOf(menu)) },
]

function renderedMenu(menu: MenuSpec, variables: Record<string, unknown>, alsoKnown: readonly string[]): WrittenMenu {
  return {
    message: written(render(menu, variables, { alsoKnown })),
    template: () => {
      const template = renderTemplate(menu, variables, { alsoKnown })
      return template && written(template)
    },
  }
}
