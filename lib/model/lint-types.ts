import type { Tell } from './finding'
import { LIMITS } from './limits'
import { lintList, similar, WAY_OUT_TITLE } from './lint-list'
import type { ButtonMenu, CtaPhoneMenu, CtaUrlMenu, MenuSpec } from './menu'

/** The practices that depend on the type of the menu. */
export function lintByType(menu: MenuSpec, tell: Tell): void {
  if (menu.type === 'button') lintButtons(menu, tell)
  if (menu.type === 'list') lintList(menu, tell)
  if (menu.type === 'cta_url') lintUrls(menu, tell)
  if (menu.type === 'cta_phone') lintPhone(menu, tell)
}

function lintButtons(menu: ButtonMenu, tell: Tell): void {
  for (const [index, button] of menu.buttons.entries()) shortLabel(`buttons[${index}].title`, button.title, tell)
  similar(
    menu.buttons.map((button, index) => ({ path: `buttons[${index}].title`, words: button.title })),
    tell,
  )
  if (menu.buttons.length <= LIMITS.buttons) return
  const { buttons, ...rest } = menu
  // The header of a list is text; any other is left out.
  const patch = {
    ...rest,
    type: 'list',
    button: 'Choose',
    sections: [{ rows: buttons }],
    buttons: null,
    ...(menu.header && menu.header.type !== 'text' ? { header: null } : {}),
  }
  tell({
    path: 'buttons',
    level: 'warning',
    rule: 'list-for-many',
    message: `${buttons.length} options are too many for buttons; a list holds up to ${LIMITS.rows}.`,
    fix: { label: 'Make it a list', patch },
  })
}

function lintUrls(menu: CtaUrlMenu, tell: Tell): void {
  tell({
    path: 'buttons',
    level: 'tip',
    rule: 'unseen-tap',
    message: 'WhatsApp does not tell us when a URL button is tapped: nothing can follow from it. Measure on your own page.',
  })
  for (const [index, button] of menu.buttons.entries()) {
    shortLabel(`buttons[${index}].title`, button.title, tell)
    if (/^http:/i.test(button.url))
      tell({
        path: `buttons[${index}].url`,
        level: 'warning',
        rule: 'plain-http',
        message: 'The address is not encrypted (http). Use https.',
        fix: {
          label: 'Use https',
          patch: { buttons: menu.buttons.map((one, at) => (at === index ? { ...one, url: one.url.replace(/^http:/i, 'https:') } : one)) },
        },
      })
  }
  if (menu.buttons.length > LIMITS.urlButtons) asTemplate(`${menu.buttons.length} URL buttons`, menu, tell)
}

function lintPhone(menu: CtaPhoneMenu, tell: Tell): void {
  for (const [index, button] of menu.buttons.entries()) shortLabel(`buttons[${index}].title`, button.title, tell)
  asTemplate('A phone button', menu, tell)
}

function asTemplate(what: string, menu: CtaUrlMenu | CtaPhoneMenu, tell: Tell): void {
  tell(
    menu.template
      ? {
          path: 'template',
          level: 'tip',
          rule: 'sent-as-template',
          message: `${what} can leave only in an approved template: the customer sees the words that were approved as "${menu.template.name}". Keep these the same.`,
        }
      : {
          path: 'template',
          level: 'warning',
          rule: 'sent-as-template',
          message: `${what} can leave only in an approved template. Name it, or this menu cannot be published.`,
        },
  )
}

function shortLabel(path: string, title: string, tell: Tell): void {
  const words = title.trim().split(/\s+/).length
  // The row that this linter itself asks for has four words, and may become a button.
  if (words > 3 && title !== WAY_OUT_TITLE)
    tell({ path, level: 'tip', rule: 'short-label', message: `"${title}" has ${words} words. Two or three that say what happens are read faster.` })
}
